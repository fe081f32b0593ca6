/**
 * A finding about the user's files, data or ledger, as a value.
 *
 * Findings are collected in a room and thrown once at its door, all together, as a {@link DuebookError}.
 * Codes are a closed union; each has a folder `test/errors/<code>/` that provokes it.
 */
import { CODES } from './codes.js';
import type { Code } from './codes.js';

export type { Code } from './codes.js';

/** A place in a file: 1-based line and column; both absent where only the file is known. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

export type Severity = 'error' | 'warning';

/** One finding. `hint` is the remedy in plain words; `also` is a second place (the other duplicate, say). */
export interface Diagnostic {
  readonly code: Code;
  readonly severity: Severity;
  readonly message: string;
  readonly at?: Place;
  readonly also?: Place;
  readonly hint?: string;
  /** The line at `at` with a marker below it, ready to print; filled where the text is at hand. */
  readonly excerpt?: string;
}

/** Thrown when the user can mend it. Everything else that is thrown is our bug (exit code 1). */
export class DuebookError extends Error {
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    super(diagnostics.map((d) => `${d.code}: ${d.message}`).join('\n'));
    this.name = 'DuebookError';
    this.diagnostics = sortDiagnostics(diagnostics);
  }

  /** The exit code of the gravest finding: integrity before ledger before data before config. */
  get exitCode(): number {
    const codes: number[] = this.diagnostics.filter((d) => d.severity === 'error').map((d) => CODES[d.code]);
    return codes.length === 0 ? 0 : (GRAVITY.find((exit) => codes.includes(exit)) ?? 1);
  }
}

/** Exit codes from the gravest to the mildest; see docs/errors.md. */
const GRAVITY: readonly number[] = [7, 6, 64, 4, 5, 3];

/** Shorthand for an error finding. */
export function problem(code: Code, message: string, more: Omit<Diagnostic, 'code' | 'message' | 'severity'> = {}): Diagnostic {
  return { code, severity: 'error', message, ...more };
}

/** Shorthand for a warning. */
export function warning(code: Code, message: string, more: Omit<Diagnostic, 'code' | 'message' | 'severity'> = {}): Diagnostic {
  return { code, severity: 'warning', message, ...more };
}

/** Throws one finding as an error. */
export function fail(code: Code, message: string, more: Omit<Diagnostic, 'code' | 'message' | 'severity'> = {}): never {
  throw new DuebookError([problem(code, message, more)]);
}

/** Sorted by file, line, column, code, message, so that the same findings always print in the same order. */
export function sortDiagnostics(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const key = (d: Diagnostic): [string, number, number, string, string] =>
    [d.at?.file ?? '', d.at?.line ?? 0, d.at?.column ?? 0, d.code, d.message];
  return [...diagnostics].sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    for (let i = 0; i < x.length; i += 1) {
      const [left, right] = [x[i]!, y[i]!];
      if (left < right) return -1;
      if (left > right) return 1;
    }
    return 0;
  });
}

/** Runs `work`; if it collected errors, throws them all; else returns its result and leaves warnings to the caller. */
export function throwIfErrors(diagnostics: readonly Diagnostic[]): void {
  if (diagnostics.some((d) => d.severity === 'error')) throw new DuebookError(diagnostics);
}
