// Runs a command as a whole process: wall seconds, and the peak of its resident memory as Linux tells it (VmHWM).
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** { seconds, peak_mb, code }; the command's output goes nowhere unless asked for, its complaints to our stderr. */
export async function measure(command, args, cwd, output = 'ignore') {
  const begun = process.hrtime.bigint();
  const child = spawn(command, args, { cwd, stdio: ['ignore', output, 'inherit'] });
  let peak = 0;
  const watch = setInterval(() => { peak = Math.max(peak, highWater(child.pid)); }, 20);
  const code = await new Promise((resolve) => { child.on('close', resolve); });
  clearInterval(watch);
  const seconds = Number(process.hrtime.bigint() - begun) / 1e9;
  return { seconds, peak_mb: Math.round(peak / 1024), code };
}

function highWater(pid) {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** The middle value. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
