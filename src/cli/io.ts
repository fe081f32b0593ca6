/** The outside world as the command line sees it: streams, environment, clock. Tests hand in their own. */
import type { Style } from '../report/style.js';

/** Where text or bytes go. Writing to a closed pipe is quietly nothing. */
export interface Output {
  write(data: string | Uint8Array): Promise<void>;
  readonly terminal: boolean;
  /** Width of the terminal. */
  readonly columns: number;
}

export interface Io {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  readonly cwd: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Colours only where a terminal can show them and nobody said no: `--no-color`, NO_COLOR (no-color.org), TERM=dumb. */
export function styleOf(io: Io, output: Output, noColor: boolean): Style {
  const refused = noColor || (io.env['NO_COLOR'] ?? '') !== '' || io.env['TERM'] === 'dumb';
  return { color: output.terminal && !refused, columns: output.terminal ? output.columns : null };
}
