/** Proving the ledger: everything it says is checked against everything else it says. Reads only. */
import { Engine, literal } from '../engine/engine.js';
import { DuebookError, sortDiagnostics, warning } from '../values/diagnostic.js';
import type { Diagnostic } from '../values/diagnostic.js';
import { VIEWS } from './history-views.js';
import type { Ledger } from './ledger.js';
import { proveAnchors, proveChain, proveNoForeignFiles, proveSegments } from './verify-files.js';
import type { Anchor, Proof } from './verify-types.js';
import { proveHistory } from './verify-history.js';
import { notDone, proveRows, ROW_PROOFS } from './verify-rows.js';

export interface Check {
  /** chain, segments, files, anchors (where some were given), rows, numbers, sums, bookings, corrections, messages, commits, history. */
  readonly name: string;
  readonly ok: boolean;
  /** What was proved, or in how many places it failed. */
  readonly detail: string;
}

export interface Verification {
  readonly checks: readonly Check[];
  /** Errors (LEDGER_DAMAGED with the file) and warnings, sorted by place. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Proves the whole ledger, and that the history at `historyPath` (null: none) says the same. The engine must be its own:
 * the schema `ledger` is made in it. `anchors` are commits that were written down outside, which the ledger has to continue.
 * Findings are returned, not thrown.
 */
export async function verifyLedger(
  engine: Engine, ledger: Ledger, historyPath: string | null, anchors: readonly Anchor[] = [],
): Promise<Verification> {
  const { proof: chain, commits, hashes } = await proveChain(ledger);
  const proofs: Proof[] = [
    chain, await told('segments', proveSegments(ledger)), await told('files', proveNoForeignFiles(ledger)),
  ];
  if (anchors.length > 0) proofs.push(proveAnchors(ledger, hashes, anchors));
  const whole = proofs.slice(0, 2).every((proof) => proof.diagnostics.length === 0);
  if (whole) {
    const rows = await proveRows(engine, ledger, commits);
    proofs.push(...rows, ...(rows.some(({ skipped }) => skipped === true) ? [] : await provePrivacy(engine)));
    if (historyPath !== null) proofs.push(await proveHistory(engine, { ledger, commits, path: historyPath }));
  } else {
    proofs.push(...notDone('the files are damaged', [...ROW_PROOFS, ...(historyPath === null ? [] : ['history'])]));
  }
  return { checks: proofs.map(checkOf), diagnostics: sortDiagnostics(proofs.flatMap((proof) => proof.diagnostics)) };
}

/** A proof; what stops it is its finding. */
async function told(name: string, proof: Promise<Proof>): Promise<Proof> {
  return proof.catch((error: unknown): Proof => {
    if (error instanceof DuebookError) return { name, detail: '', diagnostics: error.diagnostics };
    throw error;
  });
}

function checkOf({ name, detail, diagnostics, skipped }: Proof): Check {
  const errors = diagnostics.filter((d) => d.severity === 'error').length;
  return { name, ok: errors === 0 && skipped !== true, detail: errors === 0 ? detail : `${errors} ${errors === 1 ? 'error' : 'errors'}` };
}

/** Number of rows and an order-free hash of each view of a history file: equal content, equal digest. */
export async function historyDigest(path: string): Promise<Record<string, { rows: bigint; hash: string }>> {
  const engine = await Engine.open();
  try {
    await engine.run(`ATTACH ${literal(path)} AS h (READ_ONLY)`);
    const digest: Record<string, { rows: bigint; hash: string }> = {};
    for (const view of Object.keys(VIEWS)) {
      digest[view] = await engine.row(`SELECT count(*) AS "rows", coalesce(to_hex(bit_xor(hash(v))), '')
        || coalesce(to_hex(sum(hash(v) >> 32)), '') AS hash FROM h.${view} AS v`);
    }
    return digest;
  } finally {
    await engine.close();
  }
}

/** Where parties are sealed: how many customers can be read, were forgotten, or should be readable and are not. */
async function provePrivacy(engine: Engine): Promise<Proof[]> {
  const { all, forgotten, lost } = await engine.row<{ all: bigint; forgotten: bigint; lost: bigint }>(`
    WITH customers AS (SELECT customer_id, bool_and(readable) AS readable FROM ledger_opened.parties GROUP BY customer_id),
    told AS (SELECT DISTINCT subject_id FROM ledger.events WHERE subject = 'customer' AND event = 'forgotten')
    SELECT count(*) AS "all", count(t.subject_id) AS forgotten, count(*) FILTER (NOT readable AND t.subject_id IS NULL) AS lost
    FROM customers AS c LEFT JOIN told AS t ON t.subject_id = c.customer_id`);
  if (all === 0n) return [];
  const detail = `personal data of ${all} customers is encrypted; ${forgotten} of them were forgotten`;
  const told = `${lost} customers cannot be read and were not forgotten: their keys are not here, or are others.`;
  const hint = 'That is as it should be where the keys are kept elsewhere; otherwise bring them back from a backup.';
  const diagnostics = lost === 0n ? [] : [warning('PRIVACY_KEY', told, { hint })];
  return [{ name: 'privacy', detail, diagnostics }];
}
