/**
 * Named places between two steps of I/O. A program passes none; the tests pass one that stops there, to prove that a ledger
 * opened afterwards is either as before or as after.
 */

/** Told of every place as it is reached; may throw, or end the process. */
export interface CrashPoints {
  reached(name: string): void;
}

/** Goes on everywhere. */
export const noCrashPoints: CrashPoints = { reached: () => undefined };
