/**
 * Personal data under a key of the customer. With keys, what the ledger knows of a buyer as a person stands in `parties.party` alone,
 * encrypted; `invoices.customer_name` and `messages.recipients` are null and follow from it. Who has the key reads all as ever; without
 * it a word stands in place of the name. Everything else (amounts, numbers, hashes) needs no key.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto';
import { identifier } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import { canonicalJson, sha256 } from '../values/digest.js';
import type { LedgerTable } from './tables.js';

/** Keys of 32 bytes by customer. */
export interface CustomerKeys {
  /** As the configuration names them. */
  readonly name: string;
  get(customer_id: string): Buffer | null;
  has(customer_id: string): boolean;
}

/** What a sealed text begins with; the number is the version of its form. */
export const SEALED = 'sealed1:';
const [NONCE, TAG] = [12, 16];

function derive(key: Buffer, use: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', `duebook party ${use} 1`, 32));
}

/**
 * Encrypts with AES-256-GCM. The nonce is an HMAC of the text under a key of its own, as in SIV: the same text of the same customer
 * gives the same bytes, which tells no more than that they are the same.
 */
export function seal(key: Buffer, customer_id: string, text: string): string {
  const nonce = createHmac('sha256', derive(key, 'nonce')).update(text).digest().subarray(0, NONCE);
  const cipher = createCipheriv('aes-256-gcm', derive(key, 'text'), nonce).setAAD(Buffer.from(customer_id));
  return SEALED + Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64');
}

/** The text; null where the key is not the one it was sealed with, or the text was changed. */
export function unseal(key: Buffer, customer_id: string, sealed: string): string | null {
  const bytes = Buffer.from(sealed.slice(SEALED.length), 'base64');
  if (bytes.length < NONCE + TAG) return null;
  try {
    const decipher = createDecipheriv('aes-256-gcm', derive(key, 'text'), bytes.subarray(0, NONCE)).setAAD(Buffer.from(customer_id));
    decipher.setAuthTag(bytes.subarray(bytes.length - TAG));
    return Buffer.concat([decipher.update(bytes.subarray(NONCE, bytes.length - TAG)), decipher.final()]).toString('utf8');
  } catch {
    return null;
  }
}

/** Name of the schema that holds what was opened beside a schema of the ledger. */
export function openedSchema(schema: string): string {
  return identifier(`${schema.replaceAll('"', '')}_opened`);
}

/**
 * Makes `<schema>_opened.parties` (party_id, customer_id, readable, party, name, recipients): sealed parties as the keys show them. Of
 * one that cannot be read name and recipients are null and party is that of nobody.
 */
export async function createOpened(engine: Engine, schema: string): Promise<void> {
  const opened = openedSchema(schema);
  await engine.run(`DROP SCHEMA IF EXISTS ${opened} CASCADE; CREATE SCHEMA ${opened};
    CREATE TABLE ${opened}.parties (
      party_id VARCHAR, customer_id VARCHAR, readable BOOLEAN, party VARCHAR, name VARCHAR, recipients VARCHAR)`);
}

interface SealedRow { party_id: string; customer_id: string; party: string }

/** Opens the sealed parties of a relation that are not open yet; gives how many those are. */
export async function openParties(engine: Engine, schema: string, parties: string, keys: CustomerKeys | null): Promise<number> {
  const opened = openedSchema(schema);
  const rows = await engine.rows<SealedRow>(`SELECT DISTINCT party_id, customer_id, party FROM ${parties} AS p
    WHERE starts_with(party, '${SEALED}') AND party_id NOT IN (SELECT party_id FROM ${opened}.parties) ORDER BY party_id`);
  if (rows.length === 0) return 0;
  await engine.append(openedName(schema), 'parties', rows, (a, { party_id, customer_id, party }) => {
    const key = keys?.get(customer_id) ?? null;
    const text = key === null ? null : unseal(key, customer_id, party);
    const { buyer } = text === null ? nobody(customer_id) : JSON.parse(text) as { buyer: { name: string; email: readonly string[] } };
    a.appendVarchar(party_id);
    a.appendVarchar(customer_id);
    a.appendBoolean(text !== null);
    a.appendVarchar(text ?? canonicalJson(nobody(customer_id)));
    if (text === null) a.appendNull();
    else a.appendVarchar(buyer.name);
    if (text === null) a.appendNull();
    else a.appendVarchar(canonicalJson(buyer.email));
  });
  return rows.length;
}

function openedName(schema: string): string {
  return `${schema.replaceAll('"', '')}_opened`;
}

function nobody(customer_id: string): { buyer: Record<string, unknown> & { name: string; email: readonly string[] }; partner: null } {
  const buyer = { customer_id, name: '', email: [], address: null, tax_id: null, contact: null, purchase_order: null };
  return { buyer, partner: null };
}

/** What stands in place of a name that cannot be read, by the language of the invoice. */
const WORDS: Readonly<Record<string, string>> = {
  de: '(gelöscht)', es: '(eliminado)', fr: '(effacé)', it: '(cancellato)', nl: '(gewist)',
};

const CASES = Object.entries(WORDS).map(([language, word]) => `WHEN '${language}' THEN '${word}'`).join(' ');
const WORD = `CASE split_part(i.locale, '-', 1) ${CASES} ELSE '(forgotten)' END`;

/** The tables whose rows are completed from opened parties. */
export const WITH_PARTIES: readonly LedgerTable[] = ['parties', 'invoices', 'messages'];

/** SQL of a table of a ledger that has sealed parties, as the keys show it. `rows` is the SQL of the table itself. */
export function openedSql(schema: string, table: LedgerTable, rows: string): string {
  const opened = `${openedSchema(schema)}.parties AS o`;
  if (table === 'parties') {
    return `SELECT p.* REPLACE (coalesce(o.party, p.party) AS party) FROM (${rows}) AS p LEFT JOIN ${opened} ON o.party_id = p.party_id`;
  }
  if (table === 'invoices') {
    return `SELECT i.* REPLACE (coalesce(i.customer_name, o.name, ${WORD}) AS customer_name)
      FROM (${rows}) AS i LEFT JOIN ${opened} ON o.party_id = i.buyer_id`;
  }
  return `SELECT m.* REPLACE (coalesce(m.recipients, o.recipients, '[]') AS recipients) FROM (${rows}) AS m
    LEFT JOIN ${schema}.invoices AS i ON i.invoice_id = m.invoice_id LEFT JOIN ${opened} ON o.party_id = i.buyer_id`;
}

/** Whose parties cannot be read for want of a key, as one digest; null: nobody's. A history made with other keys is not this one's. */
export async function unreadableDigest(engine: Engine, parties: string, keys: CustomerKeys | null): Promise<string | null> {
  const rows = await engine.rows<{ customer_id: string }>(
    `SELECT DISTINCT customer_id FROM ${parties} AS p WHERE starts_with(party, '${SEALED}') ORDER BY customer_id`);
  const gone = rows.map(({ customer_id }) => customer_id).filter((id) => keys?.has(id) !== true);
  return gone.length === 0 ? null : sha256(canonicalJson(gone));
}
