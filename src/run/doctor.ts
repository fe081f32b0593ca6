/** `duebook doctor`: does this machine have what a run needs? Looks at everything, fails at nothing. */
import { access, mkdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import type { Config } from '../config/types.js';
import { Engine } from '../engine/engine.js';
import { isHeld, readHistoryMeta } from '../ledger/history.js';
import { isAddress } from '../values/bucket.js';
import { DuebookError } from '../values/diagnostic.js';
import { historyPath, ledgerOf, openContext, storeOf } from './context.js';
import type { Context } from './context.js';
import { SCHEMA_VERSION } from './results.js';
import type { DoctorResult } from './results.js';
import type { CommonOptions, World } from './world.js';

type Check = DoctorResult['checks'][number];
/** Gives what is well, or throws what is not. */
type Look = () => Promise<string>;

const NODE_AT_LEAST = [20, 19];
const PROBE = 'doctor-probe';

/** Runs every check in order. `ok` is false when one of them is not. */
export async function doctor(world: World, options: CommonOptions): Promise<DoctorResult> {
  const checks: Check[] = [await check('node', lookAtNode), await check('duckdb', lookAtDuckdb)];
  let context: Context | null = null;
  checks.push(await check('configuration', async () => {
    context = await openContext(world, options);
    return `${context.config.file}, ${context.config.customers.length} customers`;
  }));
  if (context !== null) for (const [name, look] of looks(context)) checks.push(await check(name, look));
  return { schema_version: SCHEMA_VERSION, ok: checks.every(({ ok }) => ok), checks };
}

async function check(name: string, look: Look): Promise<Check> {
  try {
    return { name, ok: true, detail: await look(), hint: null };
  } catch (error) {
    if (error instanceof DuebookError) {
      const [first] = error.diagnostics;
      const more = error.diagnostics.length > 1 ? ` (and ${error.diagnostics.length - 1} more; see \`duebook validate\`)` : '';
      return { name, ok: false, detail: `${first?.code}: ${first?.message}${more}`, hint: first?.hint ?? null };
    }
    return { name, ok: false, detail: error instanceof Error ? error.message : String(error), hint: null };
  }
}

function looks(context: Context): [string, Look][] {
  const { config } = context;
  return [
    ['ledger', async () => {
      const ledger = await ledgerOf(context);
      return `${ledger.store.name}: ${ledger.serial === 0 ? 'empty' : `serial ${ledger.serial}`}`;
    }],
    ['create-only', () => lookAtStore(context)],
    ['lock', async () => {
      const lock = await storeOf(context).lock('doctor');
      if ('holder' in lock) throw new Error(`held by ${lock.holder}`);
      await lock.release();
      return 'free';
    }],
    ['output', () => lookAtOutput(config)],
    ['mail', () => lookAtMail(context)],
    ['history', async () => {
      const [ledger, meta] = [await ledgerOf(context), await readHistoryMeta(historyPath(config))];
      const held = meta === null && await isHeld(historyPath(config));
      if (held) return 'open for writing in another program; the next run puts a new file in its place';
      if (meta === null) return ledger.serial === 0 ? 'not made yet' : 'missing; the next run or query makes it';
      if (meta.serial !== ledger.serial) return `stands at serial ${meta.serial}; the next run or query extends it`;
      return `current at serial ${meta.serial}`;
    }],
  ];
}

async function lookAtNode(): Promise<string> {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const old = major < NODE_AT_LEAST[0]! || (major === NODE_AT_LEAST[0] && minor < NODE_AT_LEAST[1]!);
  if (old) throw new Error(`${process.version} is too old; ${NODE_AT_LEAST.join('.')} or later is needed`);
  return process.version;
}

async function lookAtDuckdb(): Promise<string> {
  const engine = await Engine.open();
  try {
    return (await engine.row<{ version: string }>('SELECT version() AS version')).version;
  } finally {
    await engine.close();
  }
}

/** The promises the ledger stands on, tried out. */
async function lookAtStore(context: Context): Promise<string> {
  await storeOf(context).prove();
  return isAddress(context.config.ledger)
    ? 'the bucket honours If-None-Match and If-Match' : 'the store refuses to create an object twice';
}

async function lookAtOutput(config: Config): Promise<string> {
  const folder = isAbsolute(config.output) ? config.output : join(config.root, config.output);
  const there = await access(folder).then(() => true, () => false);
  const probe = join(folder, `.${PROBE}`);
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(probe, '');
    await rm(probe);
    if (!there) await rmdir(folder).catch(() => undefined);
  } catch (error) {
    throw new Error(`${config.output} cannot be written: the system says ${(error as NodeJS.ErrnoException).code ?? 'no'}`);
  }
  return `${config.output} can be written`;
}

async function lookAtMail(context: Context): Promise<string> {
  const { config } = context;
  if (config.mail === null) return 'not configured: invoices are made, not mailed';
  if (config.mail.transport === 'file') return 'written to files, not sent';
  const { openMailer } = await import('../world/mailer.js');
  const mailer = openMailer({ transport: 'smtp', url: config.mail.url ?? '', connections: 1 });
  try {
    const error = await mailer.check();
    if (error !== null) throw new Error(error);
    return 'the server answers';
  } finally {
    await mailer.close();
  }
}
