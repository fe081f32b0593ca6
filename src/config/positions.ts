/** Where the nodes of a YAML text stand, by their path. Built on demand: only findings and documents need places. */
import { EVENT_ID, getScalarValue } from 'js-yaml';
import type { Event, ScalarEvent } from 'js-yaml';

import type { Place } from '../values/diagnostic.js';
import { eventsOf } from './yaml.js';

/** Keys and indices from the top of a file or of the whole configuration. */
export type Path = readonly (string | number)[];

interface Spot {
  /** Offset of the key; of the value itself in a list. */
  key: number;
  /** Offsets of a scalar's text, or of the beginning of a collection twice; -1 for an empty value. */
  start: number;
  end: number;
  /** Whether the value stands beside its key, so that it is the better place to point at. */
  inline: boolean;
  children: Map<string, Spot> | null;
}

export interface Positions {
  /** Place of the value at a path; of the nearest parent that is there, if it is not. */
  place(path: Path): Place;
  /** Place of the key at a path. */
  keyPlace(path: Path): Place;
  /** How a scalar is written, null if there is none at the path. */
  written(path: Path): string | null;
}

/** Positions in a text that `readYaml` accepted. */
export function positionsOf(file: string, text: string): Positions {
  const top = tree(eventsOf(text), text);
  const starts = lineStarts(text);
  const at = (offset: number): Place => {
    const line = lineAt(starts, Math.max(offset, 0));
    return { file, line: line + 1, column: Math.max(offset, 0) - starts[line]! + 1 };
  };
  const find = (path: Path): { spot: Spot; isExact: boolean } => {
    let spot = top;
    for (const step of path) {
      const next = spot.children?.get(String(step));
      if (next === undefined) return { spot, isExact: false };
      spot = next;
    }
    return { spot, isExact: true };
  };
  return {
    place: (path) => {
      const { spot, isExact } = find(path);
      if (spot === top) return { file, line: 1, column: 1 };
      return at(isExact && spot.inline && spot.start >= 0 ? spot.start : spot.key);
    },
    keyPlace: (path) => {
      const { spot } = find(path);
      return spot === top ? { file, line: 1, column: 1 } : at(spot.key);
    },
    written: (path) => {
      const { spot, isExact } = find(path);
      return isExact && spot.children === null && spot.start >= 0 ? text.slice(spot.start, spot.end) : null;
    },
  };
}

function tree(events: readonly Event[], text: string): Spot {
  const top: Spot = { key: 0, start: 0, end: 0, inline: false, children: null };
  // Per open collection: its spot, and the key that waits for its value, or the next index.
  const open: { spot: Spot; key: ScalarEvent | null; index: number }[] = [];
  for (const event of events) {
    if (event.type === EVENT_ID.DOCUMENT || event.type === EVENT_ID.ALIAS) continue;
    if (event.type === EVENT_ID.POP) {
      open.pop();
      continue;
    }
    const inside = open.at(-1);
    if (inside !== undefined && inside.index < 0 && inside.key === null && event.type === EVENT_ID.SCALAR) {
      inside.key = event;
      continue;
    }
    const spot = spotOf(event, inside?.key ?? null, text);
    if (inside === undefined) Object.assign(top, spot, { key: 0, inline: false });
    else inside.spot.children!.set(inside.key === null ? String(inside.index++) : keyText(inside.key, text), spot);
    if (inside !== undefined) inside.key = null;
    if (event.type === EVENT_ID.SCALAR) continue;
    spot.children = new Map();
    if (inside === undefined) top.children = spot.children;
    open.push({ spot, key: null, index: event.type === EVENT_ID.SEQUENCE ? 0 : -1 });
  }
  return top;
}

function spotOf(event: Exclude<Event, { type: 1 | 5 | 6 }>, key: ScalarEvent | null, text: string): Spot {
  const isScalar = event.type === EVENT_ID.SCALAR;
  const quote = isScalar && isQuoted(event) ? 1 : 0;
  const [from, to] = isScalar ? [event.valueStart, event.valueEnd] : [event.start, event.start];
  const start = from < 0 ? -1 : from - quote;
  const keyStart = key === null ? start : key.valueStart - (isQuoted(key) ? 1 : 0);
  const inline = key === null || (start >= 0 && !text.slice(keyStart, start).includes('\n'));
  return { key: keyStart, start, end: to + quote, inline, children: null };
}

function isQuoted(scalar: ScalarEvent): boolean {
  return scalar.style === 2 || scalar.style === 3;
}

function keyText(key: ScalarEvent, text: string): string {
  if (key.valueStart < 0) return 'null';
  return key.fast ? text.slice(key.valueStart, key.valueEnd) : getScalarValue(text, key);
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) starts.push(end + 1);
  return starts;
}

/** The last line that starts at or before the offset, by bisection. */
function lineAt(starts: readonly number[], offset: number): number {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
