/**
 * Somebody who looks at the disk after every step and believes nothing: reads the commits' bytes and the segments' rows for himself,
 * keeps what he has seen, and tells what does not fit. Uses none of the ledger's own proofs.
 */
import { createHash } from 'node:crypto';
import { literal } from '../../src/engine/engine.js';
import type { Engine } from '../../src/engine/engine.js';
import type { Delivered, Disk } from './disk.js';
import { flawsOfDiscounts } from './discounted.js';
import { flawOfConversion } from './exchange.js';
import type { Terms } from './exchange.js';
import { after, convertedOf, factOf, flawsOfAccountedTax, isPartOf, isTaxOf, lineOf, takesBack } from './witness-rows.js';
import type { Invoice, Line, Row } from './witness-rows.js';

const sha = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

interface Segment { readonly table: string; readonly path: string; readonly sha256: string; readonly bytes: number; readonly rows: number }
interface Commit {
  readonly serial: number; readonly previous: string | null; readonly as_of: string; readonly action: string; readonly invoices: number;
  readonly next_number: Readonly<Record<string, number>>; readonly segments: readonly Segment[];
}
/** What stands of a booking: the net of all its lines, and the commit of the last. */
export interface Standing { readonly amount: bigint; readonly state: 'open' | 'billed' | 'credited'; readonly serial: number }

/** What may follow on what, written down once more. */
const MESSAGE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  queued: { queued: 'queued', sending: 'sending', cancelled: 'cancelled' }, sending: { sent: 'sent', failed: 'failed', uncertain: 'uncertain' },
  failed: { queued: 'queued', cancelled: 'cancelled' }, uncertain: { queued: 'queued', cancelled: 'cancelled' }, sent: {}, cancelled: {},
};
const RANK: Readonly<Record<string, number>> = { queued: 1, sending: 2, sent: 3, failed: 3, uncertain: 3, cancelled: 4 };

export class Witness {
  readonly #engine: Engine;
  readonly #disk: Disk;
  readonly #hashes: string[] = [];
  readonly commits: Commit[] = [];
  readonly invoices = new Map<string, Invoice>();
  readonly lines = new Map<string, Line[]>();
  readonly voided = new Set<string>();
  readonly messages = new Map<string, { readonly invoice: string | null; readonly kind: string; readonly serial: number; status: string; sendings: number; readonly row: string }>();
  /** Lines of the facts that do not depend on what became of messages, by commit. */
  readonly facts: string[] = [];
  readonly #numbers = new Set<string>();
  readonly #next = new Map<string, number>();
  readonly #told: string[] = [];
  readonly #amounts = new Map<string, bigint>();
  readonly #rates = new Map<string, string | null>();
  /** What stands of each tax of an invoice, net and tax, less the credit notes by hand. */
  readonly #taxes = new Map<string, readonly [bigint, bigint]>();
  readonly #takenBack: Line[] = [];
  readonly #charged: Line[] = [];
  readonly #all: Line[] = [];
  /** Lines on which a discount lies. */
  discounted = 0;
  /** Words that no row may have, where customers have keys. */
  secret: RegExp | null = null;
  /** Who is billed in a currency of their choice, and at which rates; null: nobody. */
  terms: Terms | null = null;
  /** Lines that were converted. */
  converted = 0;
  checks = 0;

  constructor(engine: Engine, disk: Disk) {
    this.#engine = engine;
    this.#disk = disk;
  }

  get serial(): number {
    return this.commits.length;
  }

  get headHash(): string | null {
    return this.#hashes.at(-1) ?? null;
  }

  /** Reads on from where he stood; what is wrong, in plain words. */
  async look(): Promise<string[]> {
    this.#told.length = 0;
    this.#chain();
    for (;;) {
      const key = `commits/${String(this.serial + 1).padStart(8, '0')}.json`;
      const bytes = this.#disk.bytes(key);
      if (bytes === null) break;
      await this.#commit(key, bytes);
    }
    this.#head();
    this.#bookingsOnce();
    this.#correctionsOnce();
    this.#depositsOnce();
    this.#discountsRight();
    return [...this.#told];
  }

  /** Every delivery has its invoice in the ledger, was claimed before, and nobody got anything twice unless somebody asked for it. */
  deliveries(delivered: readonly Delivered[]): string[] {
    const wrong: string[] = [];
    const before = new Map<string, Delivered>();
    for (const each of delivered) {
      this.checks += 1;
      const message = this.messages.get(each.message_id);
      if (message === undefined) wrong.push(`${each.message_id} was delivered and is no message of the ledger`);
      else if (message.invoice !== null && !this.invoices.has(message.invoice)) wrong.push(`${each.message_id} was delivered without its invoice`);
      else if (message.sendings < each.attempt) wrong.push(`${each.message_id} was delivered at attempt ${each.attempt}, claimed ${message.sendings} times`);
      const last = before.get(each.message_id);
      if (last !== undefined && !each.commands.includes('retry')) wrong.push(`${each.message_id} was delivered twice, by "${last.commands}" (${last.told}) and by "${each.commands}"`);
      before.set(each.message_id, each);
    }
    return wrong;
  }

  /** Keys on the disk that no commit knows. */
  strays(): string[] {
    const known = new Set(['HEAD.json', ...this.commits.flatMap((c, i) => [`commits/${String(i + 1).padStart(8, '0')}.json`, ...c.segments.map((s) => s.path)])]);
    return this.#disk.keys().filter((key) => !known.has(key));
  }

  /** The state of every booking: what stands of it, as `source/id` → net of all its lines and the line it is on. */
  bookings(): Map<string, Standing> {
    const found = new Map<string, Standing>();
    for (const [key, lines] of this.lines) {
      let [amount, state, serial] = [0n, 'open' as Standing['state'], 0];
      for (const line of lines) {
        if (this.voided.has(line.invoice)) continue;
        amount += line.own;
        serial = this.invoices.get(line.invoice)!.serial;
        state = after(line);
      }
      found.set(key, { amount, state, serial });
    }
    return found;
  }

  #tell(what: string): void {
    if (this.#told.length < 10) this.#told.push(what);
  }

  #check(holds: boolean, what: () => string): void {
    this.checks += 1;
    if (!holds) this.#tell(what());
  }

  /** What was seen once is there as it was. */
  #chain(): void {
    for (const [i, hash] of this.#hashes.entries()) {
      const key = `commits/${String(i + 1).padStart(8, '0')}.json`;
      const bytes = this.#disk.bytes(key);
      this.#check(bytes !== null && sha(bytes) === hash, () => `${key} is not as it was`);
    }
  }

  /** The copy of the newest commit may be behind, never before. */
  #head(): void {
    const bytes = this.#disk.bytes('HEAD.json');
    if (bytes === null) return;
    const head = JSON.parse(bytes.toString()) as { serial: number; head_sha256: string };
    this.#check(head.serial <= this.serial && head.head_sha256 === this.#hashes[head.serial - 1], () => `HEAD.json stands at ${head.serial}, the commits at ${this.serial}`);
    this.#check(!this.#disk.objects.has(`commits/${String(this.serial + 2).padStart(8, '0')}.json`), () => 'a commit is missing');
  }

  async #commit(key: string, bytes: Buffer): Promise<void> {
    const commit = JSON.parse(bytes.toString()) as Commit;
    const before = this.commits.at(-1);
    this.#check(commit.serial === this.serial + 1 && commit.previous === (this.#hashes.at(-1) ?? null), () => `${key} does not follow the commit before`);
    this.#check(before === undefined || before.as_of <= commit.as_of, () => `${key} goes back in time`);
    this.#hashes.push(sha(bytes));
    this.commits.push(commit);
    for (const segment of commit.segments) {
      const found = this.#disk.bytes(segment.path);
      this.#check(found !== null && sha(found) === segment.sha256 && found.length === segment.bytes, () => `${segment.path} is not what ${key} says`);
    }
    const rows = async (table: string, order: string): Promise<Row[]> => {
      const segment = commit.segments.find((each) => each.table === table);
      if (segment === undefined) return [];
      const place = table === 'invoice_lines' ? ', file_row_number - lines_before + 1 AS line_no' : '';
      const found = await this.#engine.rows<Row>(`SELECT *${place} FROM read_parquet(${literal(this.#disk.path(segment.path))}, file_row_number = true) ORDER BY ${order}`);
      this.#check(found.length === segment.rows, () => `${segment.path} has ${found.length} rows`);
      return found;
    };
    const invoices = await rows('invoices', 'series, seq');
    const lines = await rows('invoice_lines', 'file_row_number');
    const taxes = await rows('invoice_taxes', 'invoice_id, tax_id, rate_micro');
    this.#invoices(commit, invoices, lines, taxes);
    const messages = await rows('messages', 'message_id');
    for (const row of messages) this.#message(row);
    const events = await rows('events', '"at", subject, subject_id, event');
    this.#events(events);
    const openings = await rows('openings', 'customer_id, period_start');
    if (this.secret !== null) this.#sealed(key, [...invoices, ...messages, ...events, ...await rows('parties', 'party_id')], this.secret);
    for (const [table, all] of Object.entries({ invoices, lines, taxes, messages, openings })) this.facts.push(...all.map((row) => factOf(table, row)));
    this.facts.push(...events.filter((row) => row['subject'] !== 'message').map((row) => factOf('events', row)));
  }

  #sealed(key: string, rows: readonly Row[], secret: RegExp): void {
    const told = rows.map((row) => factOf('', row)).find((text) => secret.test(text));
    this.#check(told === undefined, () => `${key} tells in the open: ${told!}`);
  }

  #invoices(commit: Commit, rows: readonly Row[], lines: readonly Row[], taxes: readonly Row[]): void {
    this.#check(rows.length === commit.invoices, () => `commit ${commit.serial} says ${commit.invoices} invoices and has ${rows.length}`);
    const sums = new Map(rows.map((row) => [row['invoice_id'] as string, { net: 0n, lines: 0, corrects: null as string | null, byTax: new Map<string, bigint>() }]));
    for (const row of lines) {
      const line = lineOf(row);
      const sum = sums.get(line.invoice);
      this.#check(sum !== undefined, () => `line ${line.no} of ${line.invoice} is in the commit without its invoice`);
      if (sum === undefined) continue;
      sum.net += line.amount;
      sum.lines += 1;
      sum.corrects ??= line.corrects;
      this.#check(line.no === sum.lines, () => `${line.invoice}: line ${line.no} stands at place ${sum.lines}`);
      const tax = `${line.tax} ${line.rate}`;
      sum.byTax.set(tax, (sum.byTax.get(tax) ?? 0n) + line.amount);
    }
    for (const row of rows) this.#invoice(commit, row, sums.get(row['invoice_id'] as string)!, taxes.filter((tax) => tax['invoice_id'] === row['invoice_id']));
    for (const row of lines) this.#line(lineOf(row), row);
    for (const [series, next] of Object.entries(commit.next_number)) this.#check(next === (this.#next.get(series) ?? 1), () => `commit ${commit.serial}: the series ${series} goes on at ${next}, it should at ${this.#next.get(series) ?? 1}`);
  }

  #invoice(commit: Commit, row: Row, sum: { net: bigint; lines: number; corrects: string | null; byTax: Map<string, bigint> }, taxes: readonly Row[]): void {
    const text = (key: string): string => row[key] as string;
    const invoice: Invoice = {
      id: text('invoice_id'), number: text('number'), customer: text('customer_id'), currency: text('currency'), net: row['net_minor'] as bigint, tax: row['tax_minor'] as bigint,
      total: row['total_minor'] as bigint, serial: commit.serial,
    };
    const { id, number } = invoice;
    this.#check(!this.invoices.has(id), () => `the invoice ${id} stands twice`);
    this.#check(!this.#numbers.has(number), () => `the number ${number} was given twice`);
    const next = this.#next.get(text('series')) ?? 1;
    this.#check(Number(row['seq']) === next, () => `${number} is at place ${String(row['seq'])} of ${text('series')}, ${next} was free`);
    this.#next.set(text('series'), next + 1);
    this.#numbers.add(number);
    this.invoices.set(id, invoice);
    this.#check(sum.net === invoice.net && sum.lines === Number(row['lines']), () => `${number}: its ${sum.lines} lines are ${sum.net}, it says ${String(row['lines'])} and ${invoice.net}`);
    this.#check(invoice.net + invoice.tax === invoice.total, () => `${number}: net and tax are not its total`);
    // By hand one may come to nothing: that of an invoice which a deposit paid wholly.
    const byHand = text('confirmed_by') === 'credit';
    const credits = invoice.total < 0n || byHand;
    this.#check((text('kind') === 'credit_note') === credits && (!credits || invoice.total <= 0n), () => `${number} over ${invoice.total} is a ${text('kind')}`);
    let tax = 0n;
    for (const each of taxes) {
      tax += each['tax_minor'] as bigint;
      const of = sum.byTax.get(`${String(each['tax_id'])} ${String(each['rate_micro'])}`) ?? 0n;
      this.#check(of === each['net_minor'], () => `${number}: lines of ${String(each['tax_id'])} are ${of}, its tax is on ${String(each['net_minor'])}`);
      this.#check(isTaxOf(of, each) || (byHand && (isPartOf(of, each) || this.#isRest(sum.corrects, each))),
        () => `${number}: ${String(each['tax_minor'])} is not the tax of ${of}`);
    }
    this.#check(tax === invoice.tax, () => `${number}: its taxes add up to ${tax}`);
    this.#remember(byHand ? sum.corrects : id, taxes);
    const flaws = flawsOfAccountedTax(invoice, row);
    this.#check(flaws.length === 0, () => flaws.join('; '));
  }

  #remember(invoice: string | null, taxes: readonly Row[]): void {
    for (const each of taxes) {
      const key = `${String(invoice)} ${String(each['tax_id'])} ${String(each['rate_micro'])}`;
      const [net, tax] = this.#taxes.get(key) ?? [0n, 0n];
      this.#taxes.set(key, [net + (each['net_minor'] as bigint), tax + (each['tax_minor'] as bigint)]);
    }
  }

  /** Whether nothing is left of a tax of an invoice once this is credited: whoever takes the last net takes the last tax, cents of before included. */
  #isRest(invoice: string | null, { tax_id, rate_micro, net_minor, tax_minor }: Row): boolean {
    const left = this.#taxes.get(`${String(invoice)} ${String(tax_id)} ${String(rate_micro)}`);
    return left !== undefined && left[0] === -(net_minor as bigint) && left[1] === -(tax_minor as bigint);
  }

  #line(line: Line, row: Row): void {
    const place = `${line.invoice} ${line.no}`;
    this.#amounts.set(place, line.amount);
    this.#all.push(line);
    if (line.discounts !== null) this.discounted += 1;
    this.#rates.set(place, line.exchanged);
    if (line.exchanged !== null) this.converted += 1;
    if (takesBack(line)) {
      const before = line.corrects_no === null ? line.exchanged : this.#rates.get(`${line.corrects} ${line.corrects_no}`);
      this.#check(before === line.exchanged, () => `${line.invoice} takes back at ${line.exchanged} what was billed at ${before}`);
      this.#takenBack.push(line);
    } else if (line.booking !== null || line.kind !== 'adjustment') {
      // A discount that is restated is a part of the converted amount, and not converted itself.
      const flaw = flawOfConversion(convertedOf(line, row, this.invoices.get(line.invoice)!), this.terms);
      this.#check(flaw === null, () => `line ${line.no} of ${line.invoice} ${flaw!}`);
    }
    if (line.charge !== null) this.#charged.push(line);
    if (line.booking === null) return;
    const key = `${line.source}/${line.booking}`;
    this.lines.set(key, this.#inOrder([...this.lines.get(key) ?? [], line]));
  }

  /** By commit. On one document what is taken back comes first, wherever it stands. */
  #inOrder(lines: Line[]): Line[] {
    const serial = (line: Line): number => this.invoices.get(line.invoice)!.serial;
    return lines.sort((a, b) => serial(a) - serial(b) || Number(takesBack(b)) - Number(takesBack(a)));
  }

  /** No line is taken back twice, or for more than it is. */
  #correctionsOnce(): void {
    const left = new Map<string, bigint>();
    for (const line of this.#takenBack) {
      if (this.voided.has(line.invoice) || line.corrects_no === null) continue;
      const key = `${line.corrects} ${line.corrects_no}`;
      const amount = this.#amounts.get(key);
      this.#check(amount !== undefined && !this.voided.has(line.corrects!), () => `${line.invoice} corrects line ${key}, which does not stand`);
      const rest = (left.get(key) ?? amount ?? 0n) + line.amount;
      left.set(key, rest);
      this.#check(amount === undefined || (amount >= 0n ? rest >= 0n && rest <= amount : rest <= 0n && rest >= amount), () => `line ${key} over ${amount} is taken back beyond itself, ${rest} is left`);
    }
  }

  /** Of what was paid ahead never more comes off, or goes back, than stands. */
  #depositsOnce(): void {
    const left = new Map<string, bigint>();
    const standing = this.#charged.filter((line) => !this.voided.has(line.invoice));
    const deposits = new Set(standing.filter(({ kind }) => kind === 'deposit').map(({ charge }) => charge!));
    for (const line of standing) {
      const deposit = /^(.+?):(?:applied|refund):/.exec(line.charge!)?.[1] ?? line.charge!;
      if (line.kind.startsWith('deposit_')) this.#check(deposits.has(deposit), () => `${line.invoice} takes off ${line.charge}, and nobody paid it`);
      if (deposits.has(deposit)) left.set(deposit, (left.get(deposit) ?? 0n) + line.amount);
    }
    for (const [deposit, rest] of left) this.#check(rest >= 0n, () => `of the deposit ${deposit} ${-rest} more was taken off than paid`);
  }

  #discountsRight(): void {
    if (this.discounted === 0) return;
    const flaws = flawsOfDiscounts(this.#inOrder(this.#all.filter((line) => !this.voided.has(line.invoice))));
    this.#check(flaws.length === 0, () => flaws.slice(0, 3).join('; '));
  }

  /** A booking is billed by a line when it is not billed by another that stands; it is taken back only when it is billed, and wholly. */
  #bookingsOnce(): void {
    for (const [key, lines] of this.lines) {
      let standing: Line | null = null;
      let credited = false;
      for (const line of lines) {
        if (this.voided.has(line.invoice)) continue;
        this.#check(!credited || line.correction === 'credit', () => `booking ${key} was credited by hand, and ${line.invoice} touches it again (${line.correction ?? line.kind})`);
        credited ||= line.correction === 'credit';
        const adds = line.kind === 'booking' || line.correction === 'restatement';
        if (adds) {
          this.#check(standing === null, () => `booking ${key} is billed by ${line.invoice} and by ${standing?.invoice}`);
          standing = line;
        } else if (line.correction === 'reversal' || line.correction === 'reissue') {
          this.#check(standing !== null && standing.amount === -line.amount, () => `booking ${key}: ${line.correction} of ${-line.amount} on ${line.invoice}, ${String(standing?.amount)} stands`);
          this.#check(standing === null || standing.invoice === line.corrects, () => `booking ${key}: ${line.invoice} corrects ${line.corrects}, it stands on ${standing?.invoice}`);
          standing = null;
        }
      }
    }
  }

  #message(row: Row): void {
    const id = row['message_id'] as string;
    const invoice = row['invoice_id'] as string | null;
    this.#check(!this.messages.has(id), () => `the message ${id} stands twice`);
    this.#check(invoice === null ? row['kind'] !== 'invoice' : this.invoices.has(invoice), () => `the message ${id} is about ${String(invoice)}, which is not there`);
    this.messages.set(id, { invoice, kind: row['kind'] as string, serial: this.serial, status: 'queued', sendings: 0, row: factOf('messages', row) });
  }

  #events(rows: readonly Row[]): void {
    const key = (row: Row): number => {
      const { attempt } = JSON.parse(row['detail'] as string) as { attempt?: number };
      return (attempt ?? 1e9) * 10 + (RANK[row['event'] as string] ?? 0);
    };
    for (const row of rows.filter((each) => each['subject'] === 'invoice')) this.#invoiceEvent(row);
    const told = rows.filter((row) => row['subject'] === 'message').sort((a, b) => key(a) - key(b));
    for (const row of told) {
      const [id, event] = [row['subject_id'] as string, row['event'] as string];
      const message = this.messages.get(id);
      if (message === undefined) {
        this.#tell(`an event is about the message ${id}, which is not there`);
        continue;
      }
      const status = MESSAGE[message.status]?.[event];
      this.#check(status !== undefined, () => `the message ${id} is ${message.status}, then came ${event}`);
      message.status = status ?? event;
      if (event === 'sending') message.sendings += 1;
      if (event === 'sending') this.#check(message.invoice === null || !this.voided.has(message.invoice), () => `the message ${id} of a void invoice is sent`);
    }
  }

  #invoiceEvent(row: Row): void {
    const id = row['subject_id'] as string;
    this.#check(this.invoices.has(id), () => `an event is about the invoice ${id}, which is not there`);
    if (row['event'] !== 'voided') return;
    this.#check(!this.voided.has(id), () => `${id} is voided twice`);
    const sent = [...this.messages.values()].some((message) => message.invoice === id && ['sent', 'sending', 'uncertain'].includes(message.status));
    this.#check(!sent, () => `${id} is voided though it may have been sent`);
    this.voided.add(id);
  }
}
