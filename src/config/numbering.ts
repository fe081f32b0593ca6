/** Templates of document numbers, like `INV-{year}-{seq:6}`. */

/** A piece of a template: fixed text, the year in four digits, or the sequence filled with zeros to `width` digits. */
export type NumberPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'year' }
  | { readonly kind: 'seq'; readonly width: number };

/** Reads a template, or says what is wrong with it. */
export function parseNumbering(template: string): { parts: NumberPart[] } | { problem: string; hint: string } {
  const parts: NumberPart[] = [];
  for (const piece of template.split(/(\{[^{}]*\})/).filter((each) => each !== '')) {
    const part = parsePart(piece);
    if (part === null) {
      return piece.startsWith('{') && piece.endsWith('}')
        ? { problem: `${piece} is not known`, hint: 'use {year}, {seq} or {seq:6} (1 to 12 digits)' }
        : { problem: `"${piece}" is not allowed in a number`, hint: 'use letters, digits, ".", "_" and "-" beside {year} and {seq}' };
    }
    parts.push(part);
  }
  const counts = parts.filter((part) => part.kind === 'seq').length;
  if (counts !== 1) {
    const problem = `"${template}" has ${counts === 0 ? 'no' : 'more than one'} {seq}`;
    return { problem, hint: 'a number holds {seq} or {seq:6} exactly once' };
  }
  if (parts.filter((part) => part.kind === 'year').length > 1) {
    return { problem: `"${template}" has {year} twice`, hint: 'keep one of them' };
  }
  return { parts };
}

function parsePart(piece: string): NumberPart | null {
  if (piece === '{year}') return { kind: 'year' };
  const seq = /^\{seq(?::(\d{1,2}))?\}$/.exec(piece);
  if (seq !== null) {
    const width = Number(seq[1] ?? 1);
    return width >= 1 && width <= 12 ? { kind: 'seq', width } : null;
  }
  return /^[A-Za-z0-9._-]+$/.test(piece) && !piece.includes('..') ? { kind: 'text', text: piece } : null;
}

/** One character of a template: itself, any digit, or any digit as often as one likes. */
type Atom = string | 'digit' | 'digits';

/**
 * Whether two templates could ever give the same text, whatever year and sequence: the languages they describe have a word in
 * common. Compared without regard to case, as file systems do.
 */
export function canCoincide(one: readonly NumberPart[], other: readonly NumberPart[]): boolean {
  const [a, b] = [atoms(one), atoms(other)];
  const seen = new Set<string>();
  const meet = (i: number, j: number): boolean => {
    const key = `${i},${j}`;
    if (seen.has(key)) return false;
    seen.add(key);
    if (i === a.length && j === b.length) return true;
    // `digits` may stop here.
    if (a[i] === 'digits' && meet(i + 1, j)) return true;
    if (b[j] === 'digits' && meet(i, j + 1)) return true;
    if (i === a.length || j === b.length || !share(a[i]!, b[j]!)) return false;
    return meet(a[i] === 'digits' ? i : i + 1, b[j] === 'digits' ? j : j + 1);
  };
  return meet(0, 0);
}

function atoms(parts: readonly NumberPart[]): Atom[] {
  return parts.flatMap((part): Atom[] => {
    if (part.kind === 'text') return [...part.text.toLowerCase()];
    if (part.kind === 'year') return ['digit', 'digit', 'digit', 'digit'];
    return [...Array.from({ length: part.width }, (): Atom => 'digit'), 'digits'];
  });
}

function share(a: Atom, b: Atom): boolean {
  const isDigit = (atom: Atom): boolean => atom.length > 1 || /\d/.test(atom);
  return a.length > 1 || b.length > 1 ? isDigit(a) && isDigit(b) : a === b;
}
