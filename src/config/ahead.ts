/**
 * What a configuration says of the sources of bookings, known before the rest of it is: reading a hundred thousand customers takes
 * seconds, in which the engine's threads could read bookings. It is not checked yet: whoever begins with it compares it with the
 * configuration once that is known to be good, and until then tells nobody what comes of it.
 */
import { bookingsOf } from './resolve.js';
import type { ConfigSpec } from './shape.js';
import type { BookingSource, Config } from './types.js';

export type SourcesAhead = Pick<Config, 'bookings' | 'currency'>;

/** Files of more characters than this are worth a head start. */
export const LARGE = 1_000_000;

/** What begins with the sources before the configuration is known; the configuration is read on when this returns. */
export type Ahead = (root: string, sources: SourcesAhead) => Promise<void>;

/** The sources of a tree that nobody has checked; null where they cannot be right. */
export function sourcesAhead(tree: unknown): SourcesAhead | null {
  try {
    const spec = tree as ConfigSpec;
    const bookings = (spec.bookings ?? []).map((source): BookingSource => bookingsOf(source, spec));
    return bookings.length === 0 ? null : { currency: spec.currency, bookings };
  } catch {
    return null;
  }
}
