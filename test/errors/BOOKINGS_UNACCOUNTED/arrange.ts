import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/** A model that loses a booking: no configuration and no data can do that, so the program is made to. */
export async function arrange(): Promise<() => void> {
  const read = fs.readFileSync;
  const lossy = (path: fs.PathOrFileDescriptor, ...more: unknown[]): unknown => {
    const text = (read as (...args: unknown[]) => unknown)(path, ...more);
    return path instanceof URL && path.pathname.endsWith('/sql/completeness.sql') ? String(text).replace('sum(bookings)', 'sum(bookings) - 1') : text;
  };
  fs.readFileSync = lossy as typeof fs.readFileSync;
  syncBuiltinESMExports();
  return () => {
    fs.readFileSync = read;
    syncBuiltinESMExports();
  };
}
