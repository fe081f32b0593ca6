// Runs a command as a whole process: wall seconds, seconds of processor time of all its threads, and the peak of its resident memory
// as Linux tells it (VmHWM). Processor time says more than wall time where the machine has other work.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Ticks of a second in /proc; 100 on every Linux in use. */
const TICKS = 100;

/** { seconds, cpu, peak_mb, code }; the command's output goes nowhere unless asked for, its complaints to our stderr. */
export async function measure(command, args, cwd, output = 'ignore') {
  const begun = process.hrtime.bigint();
  const child = spawn(command, args, { cwd, stdio: ['ignore', output, 'inherit'] });
  let [peak, cpu] = [0, 0];
  const watch = setInterval(() => {
    peak = Math.max(peak, highWater(child.pid));
    cpu = Math.max(cpu, processorTime(child.pid));
  }, 20);
  const code = await new Promise((resolve) => { child.on('close', resolve); });
  clearInterval(watch);
  const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
  return { seconds, cpu, peak_mb: Math.round(peak / 1024), code };
}

function highWater(pid) {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** User and system time so far, in seconds; 0 when the process is gone. */
function processorTime(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  } catch {
    return 0;
  }
}

/** The middle value. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
