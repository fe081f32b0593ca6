/** What is said while work goes on: plain lines always, a moving line only on a terminal and only for work over a second. */
import { clean, cut } from '../report/style.js';
import type { Log } from '../world/types.js';
import type { Output } from './io.js';

const PATIENCE_MS = 1000;
const REDRAW_MS = 150;

/** " 1 of 4 (25 %)", or only how much where the whole is not known. */
function partText(done: number, total: number | undefined): string {
  if (total !== undefined && total > 0) return ` ${done} of ${total} (${Math.floor((done * 100) / total)} %)`;
  return done > 0 ? ` ${done}` : '';
}

/** A log on stderr. */
export function stderrLog(output: Output, animated: boolean): Log {
  let drawn = false;
  const say = (text: string): void => void output.write(text);
  const wipe = (): void => {
    if (drawn) say('\r\u001b[K');
    drawn = false;
  };
  return {
    info: (text) => {
      wipe();
      say(`${text.split('\n').map(clean).join('\n')}\n`);
    },
    progress: (label, total) => {
      if (!animated || !output.terminal) return { tick: () => undefined, end: () => undefined };
      let done = 0;
      let waited = 0;
      const draw = (): void => {
        const dots = '.'.repeat((waited / REDRAW_MS) % 4);
        say(`\r\u001b[K${cut(`${clean(label)}${partText(done, total)} ${dots}`, output.columns - 1)}`);
        drawn = true;
      };
      const timer = setInterval(() => {
        waited += REDRAW_MS;
        if (waited >= PATIENCE_MS) draw();
      }, REDRAW_MS);
      timer.unref();
      return {
        tick: (now) => void (done = now),
        end: () => {
          clearInterval(timer);
          wipe();
        },
      };
    },
  };
}
