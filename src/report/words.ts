/** Small phrases that text and Markdown share. */
import { periodEnds } from '../documents/locale.js';
import type { Completeness, CurrencyTotal, HeadResult } from '../run/results.js';

/** "1 invoice", "3 invoices". */
export function count(n: number, word: string, plural = `${word}s`): string {
  return `${n} ${n === 1 ? word : plural}`;
}

/** An instant as read: `2026-05-04T22:00:00+02:00` becomes `2026-05-04 22:00 +02:00`; seconds are shown where there are some. */
export function instantText(iso: string): string {
  const [, date = '', time = '', zone = ''] = /^(.{10})T(\d\d:\d\d(?::\d\d)?)(?:\.\d+)?(.*)$/.exec(iso) ?? [];
  return date === '' ? iso : `${date} ${time.replace(/(?<=:\d\d):00$/, '')} ${zone === 'Z' ? 'UTC' : zone}`;
}

/** A half-open period by its first and last day: `2026-04-01 – 2026-04-30`; with times where a bound is not midnight. */
export function periodText(start: string, end: string): string {
  const [first, last] = periodEnds(start, end);
  return first === last ? first : `${first} – ${last}`;
}

/** "296.31 EUR + 80.00 USD", or "nothing". */
export function totalsText(totals: readonly CurrencyTotal[]): string {
  return totals.length === 0 ? 'nothing' : totals.map(({ total, currency }) => `${total} ${currency}`).join(' + ');
}

/** "INV-2026-000001 to INV-2026-000012", one part a series. */
export function numbersText(numbers: readonly { readonly first: string; readonly last: string }[]): string {
  return numbers.map(({ first, last }) => (first === last ? first : `${first} to ${last}`)).join(', ');
}

/** Invoices of all currencies together. */
export function invoicesOf(totals: readonly CurrencyTotal[]): number {
  return totals.reduce((sum, { invoices }) => sum + invoices, 0);
}

/** "serial 12 (9f86d081…)" or "empty". */
export function headText(head: HeadResult): string {
  return head.serial === 0 ? 'empty' : `serial ${head.serial}${head.sha256 === null ? '' : ` (${head.sha256.slice(0, 12)})`}`;
}

/** What proves later that nothing before it was changed, as `verify --head` takes it: `12:9f86d081…`. Null: nothing is committed. */
export function anchorOf(head: HeadResult): string | null {
  return head.sha256 === null ? null : `${head.serial}:${head.sha256}`;
}

const BUCKETS = [
  ['billed', ''], ['already_billed', 'billed before'], ['waiting', 'waiting for their period'], ['held', 'held'],
  ['cancelled', 'cancelled'], ['ignored', 'ignored'], ['rejected', 'rejected'],
] as const;

const REASONS: Readonly<Record<string, string>> = {
  unknown_customer: 'the customer is not in the configuration', no_price: 'no price is known', no_tax: 'no tax is known',
  amount_too_large: 'the amount is too large', late: 'came after its period was billed', outside_cycle: 'outside of the customer\'s cycle',
  no_open_period: 'no period is open for it', scheduled: 'not completed yet', period_running: 'its period is still running',
  zero_invoice: 'their invoice would come to zero',
};

/** Why a booking is in its bucket, in plain words. */
export function reasonText(reason: string | null): string {
  return reason === null ? '' : (REASONS[reason] ?? reason.replaceAll('_', ' '));
}

/**
 * "10 bookings read: 6 to be billed, 3 billed before, 1 waiting for their period". A run may have billed some of the first kind just
 * now and left others in open batches; `ran` tells that it is about one.
 */
export function completenessText(completeness: Completeness, ran = false): string {
  const billed = ran ? 'billed now or in open batches' : 'to be billed';
  const told = BUCKETS.filter(([key]) => completeness[key] > 0);
  const parts = told.map(([key, words]) => `${completeness[key]} ${words === '' ? billed : words}`);
  return `${count(completeness.bookings_read, 'booking')} read${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`;
}

/** When a batch is confirmed, in words. */
export function confirmText(batch: { readonly auto_confirm: boolean; readonly confirm_due_at: string | null }): string {
  if (batch.confirm_due_at === null) return 'only by hand';
  const at = instantText(batch.confirm_due_at);
  return batch.auto_confirm ? `by itself at ${at}` : `only by hand, due at ${at}`;
}
