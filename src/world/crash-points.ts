/**
 * Named places between two steps of I/O. A program passes none; the tests pass one that stops there, to prove that a ledger
 * opened afterwards is either as before or as after.
 */

/** Every place there is, in the order of a run. A test holds that each is reached by a run that commits, sends and publishes. */
export const CRASH_POINTS = [
  'lock: about to take', 'lock: taken', 'lock: about to release', 'lock: released',
  'store: about to write aside', 'store: written aside',
  'store: about to create', 'store: created', 'store: create settled',
  'store: about to replace', 'store: replaced', 'store: replace settled',
  'commit: begins', 'commit: segment written', 'commit: all segments written', 'commit: document created', 'commit: head replaced',
  'send: composed', 'send: claimed', 'send: about to hand over', 'send: handed over', 'send: all handed over', 'send: outcomes committed',
  'mail: written aside', 'mail: written',
  'files: about to write', 'files: written aside', 'files: written', 'files: folder emptied', 'files: table written',
  'publish: begins', 'publish: copied', 'publish: filled', 'publish: flushed', 'publish: about to rename', 'publish: renamed',
] as const;

/** Those of a compaction of the ledger, which no run does. */
export const COMPACTION_POINTS = [
  'compact: pack prepared', 'compact: pack written', 'compact: packs proved', 'compact: segment removed',
] as const;

export type CrashPoint = (typeof CRASH_POINTS)[number] | (typeof COMPACTION_POINTS)[number];

/** Told of every place as it is reached; may throw, or end the process. */
export interface CrashPoints {
  /** `what`: the key, file or message it is about, where there are many. */
  reached(point: CrashPoint, what?: string): void;
}

/** Goes on everywhere. */
export const noCrashPoints: CrashPoints = { reached: () => undefined };

type Lock = { release(): Promise<void> } | { holder: string };

/** A lock that was taken, whose release is told too. */
export function toldLock(crash: CrashPoints, lock: Lock): Lock {
  if ('holder' in lock) return lock;
  crash.reached('lock: taken');
  return {
    release: async () => {
      crash.reached('lock: about to release');
      await lock.release();
      crash.reached('lock: released');
    },
  };
}
