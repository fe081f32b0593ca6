/** Events on their way into a commit: one table they are staged in, one order they are written in. */
import { literal } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import { exportSegment } from '../ledger/attach.js';
import { canonicalJson } from '../values/digest.js';
import { timestampLiteral } from '../values/time.js';
import type { Instant } from '../values/time.js';
import type { SegmentFile } from './commit-lines.js';

/** Why nobody knows what became of a message. */
export const RUN_ENDED = 'the run ended before the outcome was known';

/** Something that happened to a subject of the ledger; the detail is kept as canonical JSON. */
export interface NewEvent {
  readonly subject: 'customer' | 'invoice' | 'message';
  readonly subject_id: string;
  readonly event: string;
  readonly detail: object;
}

/** A mail or notice was being sent when a run ended: nobody knows whether it arrived. `attempt` is the one that was going on. */
export function outcomeUnknown(message_id: string, attempt: number): NewEvent {
  return { subject: 'message', subject_id: message_id, event: 'uncertain', detail: { attempt, error: RUN_ENDED } };
}

/** Fills `draft.new_events`, anew, with what happened at `at`. */
export async function stageEvents(engine: Engine, at: Instant, events: readonly NewEvent[]): Promise<void> {
  const rows = events.map((each) => (
    `(${timestampLiteral(at)}, ${[each.subject, each.subject_id, each.event, canonicalJson(each.detail)].map(literal).join(', ')})`));
  await engine.run(`CREATE SCHEMA IF NOT EXISTS draft;
    CREATE OR REPLACE TABLE draft.new_events ("at" TIMESTAMP, subject VARCHAR, subject_id VARCHAR, event VARCHAR, detail VARCHAR);
    INSERT INTO draft.new_events VALUES ${rows.join(', ')}`);
}

/** Writes `draft.new_events` as a segment. Two of the same kind about one subject differ in their detail. */
export function exportEvents(engine: Engine): Promise<SegmentFile> {
  return exportSegment(engine, 'events', 'draft.new_events', 'r."at", r.subject, r.subject_id, r.event, r.detail');
}
