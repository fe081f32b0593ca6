/** What the rules look at: the written configuration without what the shape check refused, and where to put findings. */
import type { Code, Diagnostic, Place } from '../values/diagnostic.js';
import { problem, warning } from '../values/diagnostic.js';
import type { Path } from './positions.js';
import type { AgreementSpec } from './shape-agreements.js';
import type { RepeatSpec } from './shape-repeat.js';
import type { BookingsSpec, ConfigSpec, CustomerSpec, CycleSpec, NotificationSpec, PartnerSpec, TaxSpec } from './shape.js';
import type { Written } from './sources.js';
import { isMap } from './sources.js';

interface Maps {
  readonly taxes: TaxSpec;
  readonly products: NonNullable<ConfigSpec['products']>[string];
  readonly cycles: CycleSpec;
  readonly partners: PartnerSpec;
  readonly customers: CustomerSpec;
  readonly repeat_bookings: RepeatSpec;
  readonly agreements: AgreementSpec;
  readonly indexes: NonNullable<ConfigSpec['indexes']>[string];
}

export interface Facts {
  /** The entries of a map that have the right shape. */
  entries<K extends keyof Maps>(map: K): [string, Maps[K]][];
  /** All ids of a map, of broken entries too: a reference to a broken entry is not a second problem. */
  ids(map: keyof Maps): readonly string[];
  has(map: keyof Maps, id: string): boolean;
  /** An entry that has the right shape. */
  get<K extends keyof Maps>(map: K, id: string): Maps[K] | undefined;
  /** A top-level value that has the right shape. */
  top<K extends Exclude<keyof ConfigSpec, keyof Maps | 'bookings'>>(key: K): ConfigSpec[K] | undefined;
  /** The sources of bookings that have the right shape, with their index. */
  bookings(): [number, BookingsSpec][];
  /** The notifications that have the right shape, with their index. */
  notifications(): [number, NotificationSpec][];
  /** Whether a top-level key is there, right or wrong. */
  isWritten(key: keyof ConfigSpec): boolean;
  error(code: Code, path: Path, message: string, hint?: string | null, also?: Place): void;
  warn(code: Code, path: Path, message: string, hint?: string | null): void;
  place(path: Path): Place;
}

/** `broken` are the paths that the shape check complained about. */
export function factsOf(value: unknown, broken: readonly Path[], written: Written, found: Diagnostic[]): Facts {
  const spec: Readonly<Record<string, unknown>> = isMap(value) ? value : {};
  const bad = new Set(broken.flatMap((path) => [keyOf(path.slice(0, 1)), keyOf(path.slice(0, 2))].slice(0, Math.min(path.length, 2))));
  const badWhole = new Set(broken.filter((path) => path.length === 1).map(keyOf));
  const mapOf = (map: string): Readonly<Record<string, unknown>> => {
    const part = spec[map];
    return !badWhole.has(keyOf([map])) && isMap(part) ? part : {};
  };
  const isGood = (path: Path): boolean => !bad.has(keyOf(path));
  const push = (make: typeof problem, code: Code, path: Path, message: string, hint?: string | null, also?: Place): void => {
    const more = { ...(hint == null ? {} : { hint }), ...(also === undefined ? {} : { also }) };
    found.push(make(code, message, { at: written.place(path), ...more }));
  };
  const entriesOf = new Map<string, [string, unknown][]>();
  const entries = (map: string): [string, unknown][] => {
    const known = entriesOf.get(map) ?? Object.entries(mapOf(map)).filter(([id]) => isGood([map, id]));
    entriesOf.set(map, known);
    return known;
  };
  const idsOf = new Map<string, string[]>();
  const ids = (map: string): string[] => {
    const known = idsOf.get(map) ?? Object.keys(isMap(spec[map]) ? spec[map] : {});
    idsOf.set(map, known);
    return known;
  };
  const listed = (key: string): [number, unknown][] => {
    const list = spec[key];
    const good = badWhole.has(keyOf([key])) || !Array.isArray(list) ? [] : [...list.entries()] as [number, unknown][];
    return good.filter(([index]) => isGood([key, index]));
  };
  return {
    entries: <K extends keyof Maps>(map: K) => entries(map) as [string, Maps[K]][],
    ids,
    has: (map, id) => isMap(spec[map]) && Object.hasOwn(spec[map], id),
    get: <K extends keyof Maps>(map: K, id: string) => (
      Object.hasOwn(mapOf(map), id) && isGood([map, id]) ? mapOf(map)[id] as Maps[K] : undefined
    ),
    top: <K extends keyof ConfigSpec>(key: K) => (isGood([key]) ? spec[key] as ConfigSpec[K] : undefined),
    bookings: () => listed('bookings') as [number, BookingsSpec][],
    notifications: () => listed('notifications') as [number, NotificationSpec][],
    isWritten: (key) => Object.hasOwn(spec, key),
    error: (code, path, message, hint, also) => push(problem, code, path, message, hint, also),
    warn: (code, path, message, hint) => push(warning, code, path, message, hint),
    place: (path) => written.place(path),
  };
}

function keyOf(path: Path): string {
  return path.join('\0');
}
