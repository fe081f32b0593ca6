/**
 * Proving what was delivered. The ledger keeps the hash of every message that was sent, and of every document attached to it: a mail
 * that was kept as a file, or a document that somebody shows, is the one that was sent, or it is not. Pages and tables in the output
 * folder are no such documents: they are made of the ledger anew whenever they are wanted.
 */
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { literal } from '../engine/engine.js';
import type { Engine } from '../engine/engine.js';
import { abreast, hashOf } from '../ledger/hash.js';
import type { Check } from '../ledger/verify.js';
import { fail, problem, warning } from '../values/diagnostic.js';
import type { Diagnostic } from '../values/diagnostic.js';
import { sha256 } from '../values/digest.js';
import { filesIn } from '../world/output-files.js';
import type { Context } from './context.js';

/** Files that somebody shows, as they were written on the command line. */
export interface DocumentsToProve { readonly shown: readonly string[] }

/** Null where there is nothing to prove. Needs the schema `ledger` in the engine, whose rows are proved. Throws USAGE for no file. */
export async function proveDocuments(
  context: Context, engine: Engine, { shown }: DocumentsToProve,
): Promise<{ check: Check; diagnostics: readonly Diagnostic[] } | null> {
  const kept = await proveKept(context, engine);
  const told = await Promise.all(shown.map((file) => proveShown(context, engine, file)));
  if (kept.mails === 0 && shown.length === 0) return null;
  const diagnostics = [...kept.diagnostics, ...told.flatMap(({ diagnostic }) => diagnostic ?? [])];
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  const mails = kept.mails === 0 ? [] : [`${kept.mails} kept ${kept.mails === 1 ? 'mail is' : 'mails are'} as sent`];
  const detail = [...mails, ...told.flatMap(({ word }) => word ?? [])].join('; ');
  const check = { name: 'documents', ok: errors === 0, detail: errors === 0 ? detail : `${errors} ${errors === 1 ? 'error' : 'errors'}` };
  return { check, diagnostics };
}

/** The mails in the output folder, which were written as files in place of sending, or beside it. */
async function proveKept({ config }: Context, engine: Engine): Promise<{ mails: number; diagnostics: Diagnostic[] }> {
  const folder = join(config.root, config.output, 'mail');
  const names = (await filesIn(folder)).filter((name) => /^[^.].*\.eml$/.test(name));
  if (names.length === 0) return { mails: 0, diagnostics: [] };
  const hashes = await abreast(names, (name) => hashOf(join(folder, name)));
  await engine.run(`CREATE SCHEMA IF NOT EXISTS verify;
    CREATE OR REPLACE TABLE verify.mails (name VARCHAR, message_id VARCHAR, sha256 VARCHAR)`);
  await engine.append('verify', 'mails', names.map((name, i) => [name, name.slice(0, -4), hashes[i]?.sha256 ?? ''] as const), (a, row) => {
    for (const value of row) a.appendVarchar(value);
  });
  const found = await engine.rows<{ name: string; known: boolean; number: string | null; serial: bigint | null }>(`
    WITH sent AS (
      SELECT e.subject_id AS message_id, max(e.serial) AS serial, list(e.detail->>'$.sha256') AS hashes
      FROM ledger.events AS e
      WHERE e.subject = 'message' AND e.event = 'sent' AND e.subject_id IN (SELECT message_id FROM verify.mails) GROUP BY e.subject_id
    )
    SELECT f.name, m.message_id IS NOT NULL AS known, i.number, s.serial
    FROM verify.mails AS f
    LEFT JOIN (SELECT message_id, invoice_id FROM ledger.messages WHERE message_id IN (SELECT message_id FROM verify.mails)) AS m
      ON m.message_id = f.message_id
    LEFT JOIN ledger.invoices AS i ON i.invoice_id = m.invoice_id
    LEFT JOIN sent AS s ON s.message_id = f.message_id
    WHERE m.message_id IS NULL OR (s.message_id IS NOT NULL AND NOT list_contains(s.hashes, f.sha256))
    ORDER BY f.name`);
  return { mails: names.length, diagnostics: found.map((each) => wrongMail(`${config.output}/mail/${each.name}`, each)) };
}

function wrongMail(file: string, { known, number, serial }: { known: boolean; number: string | null; serial: bigint | null }): Diagnostic {
  if (!known) {
    return warning('DOCUMENT_UNKNOWN', `${file} is no message of this ledger.`, {
      at: { file }, hint: 'Find out who put it there; move it away if it comes from a trial.',
    });
  }
  const of = number === null ? 'the notice' : `the mail with ${number}`;
  return problem('DOCUMENT_UNKNOWN', `${file} is not ${of} as it was sent: it does not have the hash that commit ${serial} recorded.`, {
    at: { file }, hint: 'It was changed or is damaged. Bring it back from a backup, or ask the recipient for theirs.',
  });
}

interface Shown { readonly word?: string; readonly diagnostic?: Diagnostic }

/** A mail, an e-invoice or a PDF from anywhere: what the ledger says of these bytes. */
async function proveShown({ world }: Context, engine: Engine, file: string): Promise<Shown> {
  const bytes = await readFile(resolve(world.cwd, file)).catch(() => null);
  if (bytes === null) return fail('USAGE', `--document ${file}: there is no such file`, { hint: 'name a mail (.eml), PDF or e-invoice' });
  const hash = sha256(bytes);
  const rows = await engine.rows<{ number: string | null; message_id: string; day: string; whole: boolean }>(`
    SELECT i.number, m.message_id, strftime(e."at", '%Y-%m-%d') AS day, (e.detail->>'$.sha256') = '${hash}' AS whole
    FROM ledger.events AS e JOIN ledger.messages AS m ON m.message_id = e.subject_id
    LEFT JOIN ledger.invoices AS i ON i.invoice_id = m.invoice_id
    WHERE e.subject = 'message' AND e.event = 'sent' AND contains(e.detail, '"${hash}"') ORDER BY e.serial, m.message_id LIMIT 1`);
  const [row] = rows;
  if (row !== undefined) {
    const of = row.number === null ? row.message_id : row.number;
    return { word: `${file} is ${row.whole ? `the mail with ${of}` : `the document of ${of} that was`} sent on ${row.day}` };
  }
  const name = basename(file).replace(/\.[^.]*$/, '');
  const [named] = await engine.rows<{ number: string; documents: boolean }>(`
    SELECT i.number, bool_or((e.detail->'$.documents') IS NOT NULL) AS documents
    FROM ledger.invoices AS i JOIN ledger.messages AS m ON m.invoice_id = i.invoice_id
    JOIN ledger.events AS e ON e.subject = 'message' AND e.event = 'sent' AND e.subject_id = m.message_id
    WHERE i.number = ${literal(name)} OR m.message_id = ${literal(name)} GROUP BY i.number ORDER BY i.number LIMIT 1`);
  const hashes = named?.documents === true ? 'the documents and the mail have other hashes' : 'the mail has another hash';
  const what = named === undefined ? 'was not sent with any message of this ledger'
    : `is not what was sent with ${named.number}: ${hashes}`;
  const hint = named?.documents === false ? 'That mail had no documents attached when it was sent.'
    : 'It was changed after it was sent, or was never sent; `duebook show NUMBER` tells the invoice.';
  return { diagnostic: problem('DOCUMENT_UNKNOWN', `${file} ${what}.`, { at: { file }, hint }) };
}
