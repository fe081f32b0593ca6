/**
 * Customers who are billed in a currency of their choice: made-up rates, which of them are known when, and what has to hold of a line
 * that was converted. All of it has chance of its own, so that firms without it live as they would have lived.
 */
import { Chance } from './chance.js';

const DAY = 86_400_000;

/** A rate as the configuration has it, and the instant from which it does. */
export interface Rate { readonly from: string; readonly to: string; readonly rate: string; readonly on: string; readonly source: string }
interface Published { readonly known: number; readonly rate: Rate }

/** What holds at an instant: the rates that are known, and who is billed in what; null: in the currency of each line. */
export interface Terms { readonly rates: readonly Rate[]; readonly moneyOf: (customer: string) => string | null }

/** A line as it is in the ledger, with what it was before it was converted. */
export interface Converted {
  readonly kind: string; readonly correction: string | null; readonly currency: string; readonly customer: string; readonly amount: bigint;
  readonly original: string | null; readonly own: bigint; readonly rate: string | null; readonly on: string | null; readonly source: string | null;
  /** null: none of its own, as lines by hand; those have the rate of their period. */
  readonly service_end: number | null;
}

const MONEY = ['USD', 'CHF', 'JPY'] as const;
/** Currencies of bookings and of the project. */
const FROM = ['EUR', 'JPY', 'KWD'] as const;
/** What one is about, in units of a ten-thousandth of the other. */
const ABOUT: Readonly<Record<string, number>> = { EUR: 11_000, JPY: 65, KWD: 32_000, JPY_from_EUR: 1_600_000, JPY_from_KWD: 5_000_000 };
const EXPONENT: Readonly<Record<string, number>> = { JPY: 0, KWD: 3 };

export class Exchange {
  readonly #seed: number;
  readonly #published: readonly Published[];
  readonly #start: number;

  constructor(seed: number, start: number, months: number) {
    this.#seed = seed;
    this.#start = start;
    const chance = new Chance(seed * 48_271 + 29);
    this.#published = MONEY.flatMap((to) => FROM.filter((from) => from !== to).flatMap((from) => series(chance, from, to, start, start + (months + 1) * 30.4 * DAY)));
  }

  at(instant: number): Terms {
    const rates = this.#published.filter(({ known }) => known <= instant).map(({ rate }) => rate);
    return { rates, moneyOf: (customer) => this.#moneyOf(customer, instant) };
  }

  /** Two of three customers choose a currency, and some of them another one, or none, after a while. */
  #moneyOf(customer: string, instant: number): string | null {
    const chance = new Chance(this.#seed * 69_621 + Number(customer.slice(1)) * 7_919);
    const first = chance.percent(67) ? chance.pick(MONEY) : null;
    const changes = chance.percent(25) ? this.#start + chance.int(5, 40) * DAY : Infinity;
    return instant < changes ? first : chance.pick([...MONEY, null]);
  }
}

/** A rate every few days. Most are known on their day, some only later, some before; the oldest may come last of all. */
function series(chance: Chance, from: string, to: string, start: number, end: number): Published[] {
  const about = ABOUT[`${to}_from_${from}`] ?? ABOUT[from]!;
  const made: Published[] = [];
  const add = (on: number, known: number): void => {
    const rate = decimal(BigInt(Math.round(about * chance.int(700, 1300))), chance.int(0, 999));
    made.push({ known, rate: { from, to, rate, on: new Date(on).toISOString().slice(0, 10), source: 'ECB' } });
  };
  const late = chance.percent(50);
  // In the firm's life, or only when nothing else is waited for any more.
  const found = chance.percent(50) ? start + chance.int(8, 45) * DAY : end + chance.int(15, 45) * DAY;
  add(start - 60 * DAY, late ? found : start);
  const step = Math.max(1, Math.round((end - start) / DAY / 15));
  for (let on = start + chance.int(0, 30) * DAY; on < end; on += chance.int(step, 3 * step) * DAY) {
    // The configuration has to know one rate of the project's currency at any time.
    add(on, made.length === 1 && from === 'EUR' ? start : on + (chance.percent(20) ? chance.int(-5, 20) * DAY : 0));
  }
  return made;
}

/** `ten_millionths` with more digits behind them. */
function decimal(ten_millionths: bigint, more: number): string {
  const digits = `${ten_millionths}${String(more).padStart(3, '0')}`.padStart(11, '0');
  return `${digits.slice(0, -10)}.${digits.slice(-10)}`.replace(/\.?0+$/, '');
}

const TAKEN_AS_BILLED = /^(booking|recurring|fee|milestone|manual)$/;

/** What is wrong with a line, with the terms of the day on which it was billed; null: nothing. What takes back is looked at with the line it takes back. */
export function flawOfConversion(line: Converted, terms: Terms | null): string | null {
  if (line.original === null) {
    const money = terms?.moneyOf(line.customer) ?? null;
    const fresh = TAKEN_AS_BILLED.test(line.kind) || line.correction === 'restatement';
    return fresh && money !== null && line.currency !== money ? `is in ${line.currency}, and ${line.customer} is billed in ${money}` : null;
  }
  if (terms === null) return `was converted from ${line.original}, and nobody asked for it`;
  if (line.currency !== terms.moneyOf(line.customer)) return `was converted to ${line.currency}`;
  const pair = terms.rates.filter(({ from, to }) => from === line.original && to === line.currency);
  const used = pair.find(({ on }) => on === line.on);
  if (line.own === 0n && line.on === null) return null;
  if (used === undefined || used.rate !== line.rate || used.source !== line.source) return `has the rate ${line.rate} of ${line.on}, which nobody has declared`;
  const amount = exchanged(line.own, used);
  if (amount !== line.amount) return `is ${line.amount}, and ${line.own} at ${line.rate} are ${amount}`;
  if (line.service_end === null) return null;
  const { service_end } = line;
  // Which day it is depends on the zone: a day on either side is left out.
  const day = (shift: number): string => new Date(service_end + shift * DAY).toISOString().slice(0, 10);
  const newer = pair.filter(({ on }) => on > used.on && on < day(-1));
  if (newer.length > 0) return `ends on ${day(0)} and has the rate of ${used.on}, there is one of ${newer.at(-1)!.on}`;
  return used.on > day(1) ? `ends on ${day(0)} and has the rate of ${used.on}` : null;
}

/** Half away from zero. */
function exchanged(minor: bigint, { from, to, rate }: Rate): bigint {
  const [whole, fraction = ''] = rate.split('.');
  const over = BigInt(whole! + fraction.padEnd(10, '0')) * 10n ** BigInt(EXPONENT[to] ?? 2);
  const under = 10n ** BigInt(10 + (EXPONENT[from] ?? 2));
  const size = (minor < 0n ? -minor : minor) * over;
  const result = (2n * size + under) / (2n * under);
  return minor < 0n ? -result : result;
}
