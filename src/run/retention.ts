/** How long the documents of customers have to be kept, and from when on a customer may be forgotten. */
import type { Config } from '../config/types.js';
import { literal } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import type { LocalDate } from '../values/time.js';

/** A customer whose name stands in the ledger under a key, or in the open. */
export interface KeptCustomer {
  readonly customer_id: string;
  readonly invoices: number;
  readonly last_issued_on: LocalDate;
  /** The last day on which the law asks for the newest document: 31 December, so many years after its own year. */
  readonly keep_until: LocalDate;
  /** Parties in the ledger that no key protects: committed before `privacy.keys` was there. */
  readonly open_parties: number;
  readonly forgotten: boolean;
  readonly configured: boolean;
}

/** Customers of the ledger, by id; one of them where it is named. The ledger must be attached. */
export async function keptCustomers(engine: Engine, config: Config, customer_id: string | null = null): Promise<KeptCustomer[]> {
  const only = customer_id === null ? 'TRUE' : `i.customer_id = ${literal(customer_id)}`;
  const rows = await engine.rows<{
    customer_id: string; invoices: bigint; last_issued_on: string; last_year: bigint; open_parties: bigint; forgotten: boolean;
  }>(`
    SELECT i.customer_id, count(*) AS invoices, CAST(max(i.issued_on) AS VARCHAR) AS last_issued_on, max(year(i.issued_on)) AS last_year,
      (SELECT count(*) FROM ledger.parties AS p WHERE p.customer_id = i.customer_id
        AND p.party_id NOT IN (SELECT o.party_id FROM ledger_opened.parties AS o)) AS open_parties,
      bool_or(EXISTS (SELECT 1 FROM ledger.events AS e
        WHERE e.subject = 'customer' AND e.event = 'forgotten' AND e.subject_id = i.customer_id)) AS forgotten
    FROM ledger.invoices AS i WHERE ${only} GROUP BY i.customer_id ORDER BY i.customer_id`);
  const configured = new Set(config.customers.map((customer) => customer.customer_id));
  return rows.map(({ last_year, ...row }) => ({
    ...row, invoices: Number(row.invoices), open_parties: Number(row.open_parties), configured: configured.has(row.customer_id),
    keep_until: `${String(Number(last_year) + config.retention.invoices).padStart(4, '0')}-12-31`,
  }));
}
