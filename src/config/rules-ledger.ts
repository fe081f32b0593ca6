/** Rules about the place of the ledger. */
import { isAddress, readBucketAddress } from '../values/bucket.js';
import type { Facts } from './facts.js';

/** A ledger in a bucket has an address that can be read. */
export function ledgerAddress(facts: Facts): void {
  const ledger = facts.top('ledger');
  if (ledger === undefined || !isAddress(ledger)) return;
  const address = readBucketAddress(ledger);
  if ('flaw' in address) facts.error('CONFIG_VALUE', ['ledger'], `ledger: ${address.flaw}`, address.hint);
}
