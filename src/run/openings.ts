/**
 * What the ledger remembers of previews: when a batch was first open, and which deadline was told then. An opening is written by `run`
 * alone, at its own instant, so that looking at a batch changes nothing. Also the notices that a batch is open or nearly due.
 */
import { isTold } from '../values/notices.js';
import { exportSegment } from '../ledger/attach.js';
import type { Ledger } from '../ledger/ledger.js';
import { timestampLiteral } from '../values/time.js';
import type { Instant } from '../values/time.js';
import { append } from './append.js';
import type { Context } from './context.js';
import type { Draft } from './draft.js';
import { exportEvents } from './events.js';
import { batchEvent, stageNotices } from './notices.js';
import type { NoticeEvent } from './notices.js';

/** SQL over `i` (draft.invoices): open for review for some time, and not remembered yet. */
const UNOPENED = `NOT i.on_demand AND NOT i.parked_before AND (i.auto_confirm_at IS NULL OR i.auto_confirm_at > i.preview_at)
  AND NOT EXISTS (
    SELECT 1 FROM ledger.openings AS o
    WHERE o.customer_id = i.customer_id AND o.period_start = i.period_start)`;

/** SQL over `i`: its deadline comes near, and nobody was told. Once a batch and deadline. */
const UNTOLD = `NOT i.on_demand AND NOT i.parked_before AND i.auto_confirm_at > i.deadline_notice_at
  AND NOT EXISTS (
    SELECT 1 FROM ledger.events AS e
    WHERE e.subject = 'batch' AND e.event = 'deadline_near' AND e.subject_id = i.batch_id
      AND json_extract_string(e.detail, '$.confirm_due_at') = strftime(i.auto_confirm_at, '%Y-%m-%d %H:%M:%S'))`;

/** SQL: `due`, when the next preview that is not remembered was first open, up to `until`; null if there is none. */
export function nextOpeningSql(until: Instant): string {
  return earliestSql('i.preview_at', UNOPENED, until);
}

/** SQL: `due`, when the next notice of a deadline falls due, up to `until`; null if nobody wants to be told. */
export function nextDeadlineNoticeSql({ config }: Context, until: Instant): string | null {
  if (!config.notifications.some((each) => isTold(each, 'deadline_near'))) return null;
  return earliestSql('i.deadline_notice_at', UNTOLD, until);
}

function earliestSql(column: string, where: string, until: Instant): string {
  return `SELECT epoch_ms(min(${column})) AS due FROM draft.invoices AS i WHERE ${column} <= ${timestampLiteral(until)} AND ${where}`;
}

/** Commits the openings of previews that were first open at `at`, with a notice for each batch. */
export async function commitOpenings(context: Context, draft: Draft, ledger: Ledger, at: Instant): Promise<Ledger> {
  const told = await toldAt(draft, at);
  await draft.engine.run(`
    CREATE OR REPLACE TABLE draft.new_openings AS
    SELECT DISTINCT i.customer_id, i.cycle_id, i.period_start, i.batch_id, i.preview_at, i.confirm_due_at, i.auto_confirm_at
    FROM draft.invoices AS i WHERE i.preview_at = ${timestampLiteral(at)} AND ${UNOPENED};
    CREATE OR REPLACE TABLE draft.new_events AS
    SELECT ${timestampLiteral(told)} AS "at", 'batch' AS subject, batch_id AS subject_id, 'opened' AS event,
      CAST(to_json({
        'customers': count(DISTINCT customer_id), 'preview_at': strftime(${timestampLiteral(at)}, '%Y-%m-%d %H:%M:%S'),
        'confirm_due_at': strftime(min(coalesce(auto_confirm_at, confirm_due_at)), '%Y-%m-%d %H:%M:%S'),
        'auto_confirm': count(auto_confirm_at) > 0
      }) AS VARCHAR) AS detail
    FROM draft.new_openings GROUP BY batch_id`);
  return commitNews(context, draft, ledger, { event: 'batch_ready', action: 'open', at, told });
}

/** Commits that the deadline of batches is near, with a notice for each. */
export async function commitDeadlineNotices(context: Context, draft: Draft, ledger: Ledger, at: Instant): Promise<Ledger> {
  const told = await toldAt(draft, at);
  await draft.engine.run(`
    CREATE OR REPLACE TABLE draft.new_openings AS SELECT * FROM ledger.openings LIMIT 0;
    CREATE OR REPLACE TABLE draft.new_events AS
    SELECT DISTINCT ${timestampLiteral(told)} AS "at", 'batch' AS subject, i.batch_id AS subject_id, 'deadline_near' AS event,
      CAST(to_json({'confirm_due_at': strftime(i.auto_confirm_at, '%Y-%m-%d %H:%M:%S')}) AS VARCHAR) AS detail
    FROM draft.invoices AS i WHERE i.deadline_notice_at = ${timestampLiteral(at)} AND ${UNTOLD}`);
  return commitNews(context, draft, ledger, { event: 'deadline_near', action: 'notify', at, told });
}

interface News { readonly event: 'batch_ready' | 'deadline_near'; readonly action: string; readonly at: Instant; readonly told: Instant }

/**
 * When something that fell due at `at` is told: then, or, where it is found late (a booking came late, say), when the last thing was
 * told before it. What became of messages does not count: whether and when one is sent again depends on mail servers and on schedules.
 */
async function toldAt({ engine }: Draft, at: Instant): Promise<Instant> {
  const { last } = await engine.row<{ last: bigint | null }>(
    'SELECT epoch_ms(max("at")) AS last FROM ledger.events WHERE subject <> \'message\'');
  return last === null ? at : Math.max(at, Number(last));
}

async function commitNews(context: Context, draft: Draft, ledger: Ledger, news: News): Promise<Ledger> {
  const { engine } = draft;
  await stageNotices(engine, context, await noticesOf(context, draft, news));
  return append(context, engine, ledger, {
    at: news.at,
    action: news.action,
    files: [
      await exportSegment(engine, 'messages', 'draft.new_notices', 'r.message_id'),
      await exportSegment(engine, 'openings', 'draft.new_openings', 'r.customer_id, r.cycle_id, r.period_start'),
      await exportEvents(engine),
    ],
  });
}

/** One notice a batch, told as it stood then: customers whose preview opens later are not in it. */
async function noticesOf(context: Context, { engine }: Draft, { event, at, told: when }: News): Promise<NoticeEvent[]> {
  if (!context.config.notifications.some((each) => isTold(each, event))) return [];
  const batches = await engine.rows<{ batch_id: string; occasion: string }>(
    'SELECT subject_id AS batch_id, string_agg(detail, \',\' ORDER BY detail) AS occasion FROM draft.new_events GROUP BY ALL ORDER BY ALL');
  const events: NoticeEvent[] = [];
  for (const { batch_id, occasion } of batches) {
    const told = await batchEvent(engine, context, event, batch_id, at);
    if (told === null) continue;
    // A batch is told ready once; a deadline as often as there are deadlines.
    const again = event === 'deadline_near' ? { occasion } : {};
    events.push({ ...told, ...again, at: when });
  }
  return events;
}
