/** What every command that commits does first: take the lock, open the ledger, and see that time does not go back. */
import { lockLedger, settleHead } from '../ledger/ledger.js';
import type { Ledger } from '../ledger/ledger.js';
import { fail } from '../values/diagnostic.js';
import type { Instant } from '../values/time.js';
import { ledgerOf, storeOf, utc } from './context.js';
import type { Context } from './context.js';

/** Holds the ledger's lock around `work`, which gets the ledger. Throws LEDGER_LOCKED, AS_OF and what opening throws. */
export async function withLedger<T>(context: Context, command: string, work: (ledger: Ledger) => Promise<T>): Promise<T> {
  const lock = await lockLedger(storeOf(context), `duebook ${command} as of ${utc(context.as_of)}`);
  try {
    const ledger = await ledgerOf(context);
    checkAsOf(context, ledger.as_of);
    await settleHead(ledger);
    return await work(ledger);
  } finally {
    await lock.release();
  }
}

/** What was committed later than the as-of would be missing from the calculation. */
function checkAsOf(context: Context, ledgerAsOf: Instant | null): void {
  if (ledgerAsOf === null || context.as_of >= ledgerAsOf) return;
  fail('AS_OF', `--as-of ${utc(context.as_of)} is before ${utc(ledgerAsOf)}, where the ledger stands`, {
    hint: 'leave --as-of out, or name an instant that is not earlier',
  });
}
