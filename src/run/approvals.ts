/**
 * Approvals: batches that `run` confirms because a file says so. A batch is confirmed only as it was approved, digest by digest; one
 * that moved since, or that no calendar knows, is told, and everything else goes on.
 */
import { automationOf, periodsOf } from '../calendar/calendar.js';
import { literal } from '../engine/engine.js';
import type { Ledger } from '../ledger/ledger.js';
import { problem } from '../values/diagnostic.js';
import type { Diagnostic } from '../values/diagnostic.js';
import { isLocalDate, sqlTimestamp } from '../values/time.js';
import type { Instant } from '../values/time.js';
import { readApprovals } from './approval-files.js';
import type { Approval } from './approval-files.js';
import { openBatches, selectionSql } from './batches.js';
import { commitInvoices } from './commit.js';
import { whatMoved } from './confirm.js';
import type { Context } from './context.js';
import type { Draft } from './draft.js';
import type { ConfirmedBatch } from './results.js';
import { isDigestOf } from './versions.js';

const DAY = 86_400_000;
/** A period whose billing date is known lies within this of it: a turn of a year, and some for leads and business days. */
const AROUND = 430 * DAY;

/** An approval with the instants at which its batch can have been as it was approved: the first is tried first. */
interface Pending { readonly approval: Approval; checks: Instant[] }

/** The approvals of one command. */
export class Approvals {
  readonly #context: Context;
  readonly #draft: Draft;
  readonly #all: readonly Approval[];
  readonly #unread: readonly Diagnostic[];
  #pending: Pending[] = [];

  private constructor(context: Context, draft: Draft, all: readonly Approval[], unread: readonly Diagnostic[]) {
    this.#context = context;
    this.#draft = draft;
    this.#all = all;
    this.#unread = unread;
  }

  /** Reads the folder of approvals; commits nothing. */
  static async open(context: Context, draft: Draft): Promise<Approvals> {
    const { approvals, problems } = await readApprovals(context);
    const opened = new Approvals(context, draft, approvals, problems);
    for (const approval of approvals) {
      if (approval.strangers.length === 0) opened.#pending.push({ approval, checks: await opened.#checksOf(approval) });
    }
    opened.#pending = opened.#pending.filter(({ checks }) => checks.length > 0);
    return opened;
  }

  /** When the next approval is to be looked at, up to `until`; null if there is none. */
  nextDue(until: Instant): Instant | null {
    const due = this.#pending.map(({ checks }) => checks[0]!).filter((at) => at <= until);
    return due.length === 0 ? null : Math.min(...due);
  }

  /** Confirms what is approved as it stands at `at`. */
  async confirmAt(at: Instant, ledger: Ledger): Promise<{ ledger: Ledger; confirmed: ConfirmedBatch[] }> {
    const confirmed: ConfirmedBatch[] = [];
    let after = ledger;
    for (const pending of this.#pending.filter(({ checks }) => checks[0] === at)) {
      pending.checks = pending.checks.slice(1);
      const { approval } = pending;
      if (await this.#isFollowed(approval)) continue;
      const previewed_by = Math.max(at, after.as_of ?? at);
      const [head] = await openBatches(this.#draft.engine, this.#context, { batch: approval.batch, previewed_by });
      if (head === undefined || !isDigestOf(approval.digest, head.digest)) continue;
      pending.checks = [];
      const done = await commitInvoices(this.#context, this.#draft, after, {
        where: selectionSql({ batch: approval.batch, customers: approval.customers, previewed_by }), at, by: 'approval', closes: null,
        approval: { batch: approval.batch, detail: detailOf(approval, head.digest) },
      });
      confirmed.push(...done.confirmed);
      after = done.ledger;
    }
    this.#pending = this.#pending.filter(({ checks }) => checks.length > 0);
    return { ledger: after, confirmed };
  }

  /** What is wrong with the files, with batches nobody knows, and with batches that are not as they were approved. Errors. */
  async problems(): Promise<Diagnostic[]> {
    const found: Diagnostic[] = [...this.#unread];
    for (const approval of this.#all) {
      found.push(...await this.#problemsOf(approval));
    }
    return found;
  }

  /** From `approved_at` on, whenever the batch grew; in arrears not before the periods end. Else at the as-of. */
  async #checksOf(approval: Approval): Promise<Instant[]> {
    const { batch, customers, approved_at } = approval;
    const rows = await this.#draft.engine.rows<{
      calendar_key: number; use_no: number; timing: string; preview_at: bigint; period_end: bigint; chosen: boolean;
    }>(`
      SELECT DISTINCT p.calendar_key, p.use_no, p.timing, epoch_ms(i.preview_at) AS preview_at, epoch_ms(i.period_end) AS period_end,
        ${selectionSql({ customers })} AS chosen
      FROM draft.invoices AS i JOIN input.periods AS p ON p.period_key = i.period_key
      WHERE i.batch_id = ${literal(batch)} AND NOT i.on_demand ORDER BY ALL`);
    if (rows.length === 0) return [];
    const previews = [...new Set(rows.map((row) => Number(row.preview_at)))];
    const from = Math.max(approved_at ?? this.#context.as_of, Math.min(...previews));
    const grows = approved_at === null ? [] : previews.filter((preview) => preview > from);
    const checks = [from, ...grows].map((at) => Math.max(at, ...rows
      .filter((row) => row.chosen && row.timing === 'in_arrears' && Number(row.preview_at) <= at)
      .filter((row) => !automationOf(this.#draft.calendars[row.calendar_key]!, row.use_no).lock_before_period_end)
      .map((row) => Number(row.period_end))));
    return [...new Set(checks)].sort((a, b) => a - b);
  }

  /** Whether a run has followed it: the batch remembers. */
  async #isFollowed({ batch, digest, customers }: Approval): Promise<boolean> {
    const { followed } = await this.#draft.engine.row<{ followed: bigint }>(`
      SELECT count(*) AS followed FROM ledger.events
      WHERE subject = 'batch' AND event = 'approved' AND subject_id = ${literal(batch)}
        AND starts_with(json_extract_string(detail, '$.digest'), ${literal(digest)})
        AND coalesce(json_extract_string(detail, '$.customers'), '') = ${literal(customers.join(','))}`);
    return followed > 0n;
  }

  async #problemsOf(approval: Approval): Promise<readonly Diagnostic[]> {
    if (await this.#isFollowed(approval)) return [];
    const { engine } = this.#draft;
    const { batch, customers } = approval;
    const { open, processed } = await engine.row<{ open: bigint; processed: bigint }>(`
      SELECT (SELECT count(*) FROM draft.invoices AS i WHERE ${selectionSql({ batch, customers })}) AS open,
        (SELECT count(*) FROM ledger.invoices AS i WHERE ${selectionSql({ batch, customers })})
        + (SELECT count(*) FROM ledger.events
          WHERE subject = 'batch' AND subject_id = ${literal(batch)} AND event = 'closed') AS processed`);
    if (open === 0n && processed > 0n) return [];
    if (approval.strangers.length > 0) return approval.strangers;
    const [head] = await openBatches(engine, this.#context, { batch });
    if (head === undefined) return this.#absent(approval);
    if (isDigestOf(approval.digest, head.digest)) return [];
    const difference = await whatMoved(this.#context, this.#draft, head, approval.digest);
    return [stale(approval, `batch ${batch} is not as it was approved: its digest is now ${head.digest}.${difference ?? ''}`,
      `look at it again with \`duebook preview\`; if it is right, write \`digest: ${head.digest.slice(0, 12)}\``)];
  }

  /** A batch with nothing open: it lies ahead, or nothing of it is left, or there is no such batch. */
  #absent(approval: Approval): readonly Diagnostic[] {
    const preview = this.#previewOf(approval.batch);
    if (preview === undefined) {
      const at = approval.at.batch;
      return [problem('APPROVAL_UNKNOWN', `no billing date of any customer makes a batch ${approval.batch}`, {
        at, hint: 'write the batch as `duebook preview` and `duebook status` name it', excerpt: approval.excerpt(at),
      })];
    }
    if (preview === null || preview > this.#context.as_of) return [];
    return [stale(approval, `batch ${approval.batch} is not as it was approved: nothing is open in it`,
      'bookings may have been cancelled or moved; look at it with `duebook preview`, and remove the approval if that is right')];
  }

  /** When a batch's preview is open first; null: it never is; undefined: no calendar has such a batch. */
  #previewOf(batch: string): Instant | null | undefined {
    const date = batch.slice(0, 10);
    if (!isLocalDate(date)) return undefined;
    const day = Date.parse(`${date}T00:00:00Z`);
    const { calendars, calendarKeyOf } = this.#draft;
    const periods = calendars.map((calendar) => (
      periodsOf(calendar, day - AROUND, day + AROUND).filter((period) => period.billing_date === date)));
    const found = this.#context.config.customers.flatMap(({ partner_id }, i) => periods[calendarKeyOf(i)]!
      .filter((p) => batch === (p.separate_preview_per_partner && partner_id !== null ? `${date}-${partner_id}` : date))
      .map((period) => period.preview_at));
    if (found.length === 0) return undefined;
    const opens = found.filter((at) => at !== null);
    return opens.length === 0 ? null : Math.min(...opens);
  }
}

/** What the ledger keeps of an approval. */
function detailOf({ file, customers, approved_by, approved_at }: Approval, digest: string): object {
  return {
    digest, file, ...(customers.length === 0 ? {} : { customers: customers.join(',') }), ...(approved_by === null ? {} : { approved_by }),
    ...(approved_at === null ? {} : { approved_at: sqlTimestamp(approved_at) }),
  };
}

function stale(approval: Approval, message: string, hint: string): Diagnostic {
  const at = approval.at.digest;
  return problem('APPROVAL_STALE', message, { at, hint, excerpt: approval.excerpt(at) });
}
