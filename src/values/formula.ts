/**
 * Arithmetic as it is told to people, worked out exactly: decimals with + - × / ( ), min(a, b) and max(a, b), as fractions of
 * integers. Only explanations use it; amounts are made by the models, and must agree with it.
 */

/** `over` / `under`; `under` is above 0. */
export interface Fraction {
  readonly over: bigint;
  readonly under: bigint;
}

/** How a value was cut: ties away from zero or to the even neighbour; always down, or always up. */
export type Rounding = 'half_away' | 'half_even' | 'down' | 'up';

/** The exact value of a formula. Throws for what is none. */
export function evaluate(formula: string): Fraction {
  const tokens = formula.match(/\d+(?:\.\d+)?|min|max|[-+×/(),]|\S/g) ?? [];
  const reader = new Reader(tokens);
  const value = reader.sum();
  reader.end();
  return value;
}

class Reader {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  sum(): Fraction {
    let left = this.#product();
    for (let sign = this.#take('+', '-'); sign !== null; sign = this.#take('+', '-')) {
      const right = this.#product();
      const over = sign === '+' ? left.over * right.under + right.over * left.under : left.over * right.under - right.over * left.under;
      left = { over, under: left.under * right.under };
    }
    return left;
  }

  end(): void {
    if (this.#at < this.#tokens.length) throw new Error(`unexpected ${this.#tokens[this.#at]}`);
  }

  #product(): Fraction {
    let left = this.#value();
    for (let sign = this.#take('×', '/'); sign !== null; sign = this.#take('×', '/')) {
      const right = this.#value();
      if (sign === '/' && right.over <= 0n) throw new Error('a divisor that is not above 0');
      left = sign === '×' ? { over: left.over * right.over, under: left.under * right.under }
        : { over: left.over * right.under, under: left.under * right.over };
    }
    return left;
  }

  #value(): Fraction {
    if (this.#take('-') !== null) {
      const { over, under } = this.#value();
      return { over: -over, under };
    }
    const name = this.#take('min', 'max');
    if (this.#take('(') !== null) {
      const first = this.sum();
      const second = name === null ? null : (this.#expect(','), this.sum());
      this.#expect(')');
      if (second === null) return first;
      const isLess = first.over * second.under < second.over * first.under;
      return isLess === (name === 'min') ? first : second;
    }
    const text = this.#tokens[this.#at++] ?? 'nothing';
    if (!/^\d/.test(text)) throw new Error(`a number is missing before ${text}`);
    const [whole = '0', fraction = ''] = text.split('.');
    return { over: BigInt(whole + fraction), under: 10n ** BigInt(fraction.length) };
  }

  #take(...wanted: readonly string[]): string | null {
    const next = this.#tokens[this.#at];
    if (next === undefined || !wanted.includes(next)) return null;
    this.#at += 1;
    return next;
  }

  #expect(token: string): void {
    if (this.#take(token) === null) throw new Error(`${token} is missing`);
  }
}

/** A fraction with so many decimals, as an integer scaled by 10^places. */
export function rounded({ over, under }: Fraction, places: number, how: Rounding): bigint {
  const scaled = over * 10n ** BigInt(places);
  const floor = scaled >= 0n ? scaled / under : -((under - 1n - scaled) / under);
  const rest = scaled - floor * under;
  if (rest === 0n || how === 'down') return floor;
  if (how === 'up') return floor + 1n;
  if (2n * rest !== under) return 2n * rest > under ? floor + 1n : floor;
  if (how === 'half_even') return floor % 2n === 0n ? floor : floor + 1n;
  return scaled >= 0n ? floor + 1n : floor;
}

/** A fraction as decimals, at least `least` of them; what does not end within six more ends with "…". */
export function decimalText({ over, under }: Fraction, least: number): string {
  const most = least + 6;
  const size = over < 0n ? -over : over;
  const scaled = size * 10n ** BigInt(most);
  const digits = (scaled / under).toString().padStart(most + 1, '0');
  const isExact = scaled % under === 0n;
  const fraction = isExact ? digits.slice(-most).replace(/0+$/, '').padEnd(least, '0') : digits.slice(-most);
  return `${over < 0n ? '-' : ''}${digits.slice(0, -most)}${fraction === '' ? '' : `.${fraction}`}${isExact ? '' : '…'}`;
}
