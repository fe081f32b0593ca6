/** `duebook verify`: proves the ledger. */
import { access } from 'node:fs/promises';
import { Engine } from '../engine/engine.js';
import { openFromCommits } from '../ledger/ledger.js';
import type { Ledger } from '../ledger/ledger.js';
import { verifyLedger } from '../ledger/verify.js';
import type { Anchor } from '../ledger/verify-types.js';
import { DuebookError, fail } from '../values/diagnostic.js';
import type { Diagnostic } from '../values/diagnostic.js';
import { headResult, historyPath, keysOf, ledgerOf, openContext, storeOf } from './context.js';
import type { Context } from './context.js';
import { SCHEMA_VERSION } from './results.js';
import type { VerifyResult } from './results.js';
import { proveDocuments } from './verify-documents.js';
import type { CommonOptions, World } from './world.js';

export interface VerifyOptions extends CommonOptions {
  /** Anchors that were kept outside, `12:9f86d081…`. */
  readonly heads?: readonly string[];
  /** Files that somebody shows as sent: mails, PDFs, e-invoices. */
  readonly documents?: readonly string[];
}

/** Every check of the ledger, and of the history where there is one. Findings are in the result, not thrown. */
export async function verify(world: World, options: VerifyOptions): Promise<VerifyResult> {
  const anchors = (options.heads ?? []).map(readAnchor);
  const context = await openContext(world, options);
  const opened = await openDamaged(context);
  if (opened.ledger === null) {
    const { found } = opened;
    const checks = [{ name: 'head', ok: false, detail: 'the newest commits cannot be read; nothing else can be proved' }];
    return { schema_version: SCHEMA_VERSION, head: { serial: 0, sha256: null }, ok: false, checks, diagnostics: found };
  }
  const { ledger, found } = opened;
  const path = historyPath(context.config);
  const there = await access(path).then(() => true, () => false);
  const engine = await Engine.open({
    ...(options.memory_limit === undefined ? {} : { memory_limit: options.memory_limit }),
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  });
  const progress = world.log.progress('verify');
  try {
    const proved = await verifyLedger(engine, ledger, there ? path : null, anchors);
    const head = found.length === 0 ? [] : [{ name: 'head', ok: false, detail: 'HEAD.json is not what the commits say' }];
    // What the rows do not prove, they cannot prove of others.
    const sound = proved.checks.every(({ name, ok }) => ok || name === 'history');
    const documents = sound ? await proveDocuments(context, engine, { shown: options.documents ?? [] }) : null;
    const checks = [...head, ...proved.checks, ...(documents === null ? [] : [documents.check])];
    const diagnostics = [...found, ...proved.diagnostics, ...documents?.diagnostics ?? []];
    return { schema_version: SCHEMA_VERSION, head: headResult(ledger), ok: checks.every(({ ok }) => ok), checks, diagnostics };
  } finally {
    progress.end();
    await engine.close();
  }
}

function readAnchor(written: string): Anchor {
  const [, serial, hash] = /^(\d{1,15}):([0-9a-f]{64})$/i.exec(written.trim()) ?? [];
  if (serial === undefined || hash === undefined || Number(serial) < 1) {
    return fail('USAGE', `--head ${written} is no anchor`, { hint: 'write it as a run printed it: the serial, a colon, 64 hex digits' });
  }
  return { serial: Number(serial), sha256: hash.toLowerCase() };
}

/** The ledger, and what is wrong with its head: then it is read from the commits, as far as they can be. Other problems are thrown. */
async function openDamaged(context: Context): Promise<{ ledger: Ledger | null; found: readonly Diagnostic[] }> {
  const damage = (error: unknown): readonly Diagnostic[] => {
    if (error instanceof DuebookError && error.diagnostics.every(({ code }) => code === 'LEDGER_DAMAGED')) return error.diagnostics;
    throw error;
  };
  try {
    return { ledger: await ledgerOf(context), found: [] };
  } catch (error) {
    const found = damage(error);
    const options = { tool_version: context.world.tool_version, keys: keysOf(context) };
    return openFromCommits(storeOf(context), options).then((ledger) => ({ ledger, found }), (other: unknown) => {
      const more = damage(other).filter(({ message }) => !found.some((each) => each.message === message));
      return { ledger: null, found: [...found, ...more] };
    });
  }
}
