/** Names this process so that another one on the same host can tell whether it still lives. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

export interface ProcessName {
  readonly host: string;
  readonly pid: number;
  /** Boot and start of the process where the system tells (Linux), else empty: a pid is used again, this is not. */
  readonly start: string;
  /** All of it as a file name: `host@pid@start`. */
  readonly text: string;
  /** Whether a process of that text was on this host and is gone. False when it cannot be known. */
  isDead(text: string): boolean;
}

let known: ProcessName | undefined;

/** The name of this process. */
export function processName(): ProcessName {
  known ??= build();
  return known;
}

function build(): ProcessName {
  const host = hostname().replaceAll(/[^\w.-]/g, '_');
  const start = startOf(process.pid);
  return { host, pid: process.pid, start, text: `${host}@${process.pid}@${start}`, isDead: (text) => isDead(text, host) };
}

function isDead(text: string, here: string): boolean {
  const [host, pid, start] = text.split('@');
  if (host !== here || pid === undefined || start === undefined || !/^\d+$/.test(pid)) return false;
  if (!isAlive(Number(pid))) return true;
  const now = startOf(Number(pid));
  return start !== '' && now !== '' && now !== start;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: unknown }).code !== 'ESRCH';
  }
}

/** First characters of the boot id, and the clock ticks from boot to the start of the process (proc(5), field 22 of stat). */
function startOf(pid: number): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8);
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return `${boot}-${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''}`;
  } catch {
    return '';
  }
}
