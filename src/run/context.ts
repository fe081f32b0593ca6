/** The start of every command: find and load the configuration, settle the as-of instant, open the ledger. */
import { access } from 'node:fs/promises';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { isoLocal, toInstant } from '../calendar/calendar.js';
import type { Ahead } from '../config/ahead.js';
import { loadConfig } from '../config/load.js';
import type { Config } from '../config/types.js';
import type { Engine } from '../engine/engine.js';
import { openLedger } from '../ledger/ledger.js';
import type { Ledger } from '../ledger/ledger.js';
import { isAddress, readBucketAddress } from '../values/bucket.js';
import { fail } from '../values/diagnostic.js';
import { sha256 } from '../values/digest.js';
import type { Diagnostic } from '../values/diagnostic.js';
import { isLocalDate, isoUtc } from '../values/time.js';
import type { Instant } from '../values/time.js';
import { projectFiles } from '../world/config-files.js';
import { openKeyFolder } from '../world/key-folder.js';
import type { KeyFolder } from '../world/key-folder.js';
import { openLocalStore } from '../world/local-store.js';
import { openBucketStore } from '../world/s3-store.js';
import type { ObjectStore } from '../world/types.js';
import type { HeadResult } from './results.js';
import type { CommonOptions, World } from './world.js';

export const CONFIG_FILE = 'billing.config.yaml';
export const HISTORY_FILE = 'history.duckdb';
/** What was downloaded of a ledger in a bucket; may be deleted at any time. */
const CACHE_FOLDER = '.duebook/ledger';

/** A command's surroundings once the configuration is known to be good. */
export interface Context {
  readonly world: World;
  readonly options: CommonOptions;
  readonly config: Config;
  readonly as_of: Instant;
  /** Git commit of the configuration, as told with --config-commit; kept in the ledger, never looked up. */
  readonly config_commit: string | null;
  readonly warnings: readonly Diagnostic[];
  /** Bookings that were staged while the configuration was read, to be had once; null if there are none. See head-start.ts. */
  readonly staged?: () => Promise<Staged | null>;
}

/** An engine in which bookings are staged, with what was found. */
export interface Staged {
  readonly engine: Engine;
  readonly diagnostics: readonly Diagnostic[];
}

/** Loads the configuration and settles the as-of. Throws every problem of the configuration at once. */
export async function openContext(world: World, options: CommonOptions, ahead?: Ahead): Promise<Context> {
  const path = await findConfig(world, options.config);
  const { config, warnings } = await loadConfig(projectFiles(dirname(path)), path.slice(dirname(path).length + 1), world.env, ahead);
  const as_of = asOf(world, options.as_of, config.timezone);
  return { world, options, config, as_of, config_commit: options.config_commit ?? null, warnings };
}

/** Absolute path of the main configuration file: as named, or the nearest one upwards. Throws CONFIG_NOT_FOUND. */
export async function findConfig(world: World, named: string | undefined): Promise<string> {
  if (named !== undefined) {
    const path = resolve(world.cwd, named);
    if (await exists(path)) return path;
    return fail('CONFIG_NOT_FOUND', `there is no file ${named}`, { hint: 'check the path after --config' });
  }
  for (let folder = world.cwd; ; folder = dirname(folder)) {
    const path = join(folder, CONFIG_FILE);
    if (await exists(path)) return path;
    if (dirname(folder) === folder) break;
  }
  return fail('CONFIG_NOT_FOUND', `there is no ${CONFIG_FILE} here or in a folder above`, {
    hint: 'change to the folder of your billing project, name the file with --config, or begin one with `duebook init`',
  });
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(() => true, () => false);
}

/** Reads --as-of: an instant with offset, or a date or local date-time in `timezone`. Absent: the clock, in whole seconds. */
export function asOf(world: World, written: string | undefined, timezone: string): Instant {
  if (written === undefined) return Math.floor(world.now() / 1000) * 1000;
  return readInstant(written, timezone) ?? fail('AS_OF', `--as-of ${written} is not an instant`, {
    hint: 'write 2026-05-01, 2026-05-01T06:00 (in the time zone of the configuration) or 2026-05-01T04:00:00Z',
  });
}

/** An instant with offset, or a date or local date-time in `timezone`; null if it is neither. */
export function readInstant(written: string, timezone: string): Instant | null {
  const local = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?)?$/;
  const zoned = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;
  const isDate = isLocalDate(written.slice(0, 10));
  if (isDate && local.test(written) && clockOk(written)) return toInstant(written, timezone);
  return isDate && zoned.test(written) && !Number.isNaN(Date.parse(written)) ? Date.parse(written) : null;
}

function clockOk(written: string): boolean {
  const [, hour = '0', minute = '0', second = '0'] = /T(\d\d):(\d\d)(?::(\d\d))?/.exec(written) ?? [];
  return Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60;
}

/** The store that the configuration names: a folder, or a bucket, of which a copy is kept below the project. */
export function storeOf({ config, world }: Context): ObjectStore {
  if (world.doors !== undefined) return world.doors.store(config.ledger);
  const crash = world.crash === undefined ? {} : { crash: world.crash };
  if (!isAddress(config.ledger)) {
    return openLocalStore(isAbsolute(config.ledger) ? config.ledger : join(config.root, config.ledger), config.ledger, world.crash);
  }
  const address = readBucketAddress(config.ledger);
  if ('flaw' in address) return fail('CONFIG_VALUE', `ledger: ${address.flaw}`, { at: config.place(['ledger']), hint: address.hint });
  const cache = join(config.root, CACHE_FOLDER, sha256(`${address.endpoint ?? ''} ${address.name}`).slice(0, 16));
  return openBucketStore(address, { env: world.env, cache, ...crash });
}

/** Opens the ledger of the configuration and proves its head. */
export async function ledgerOf(context: Context): Promise<Ledger> {
  return openLedger(storeOf(context), { tool_version: context.world.tool_version, keys: keysOf(context) });
}

/** The keys of customers that the configuration names; null: nothing is encrypted. */
export function keysOf({ config }: Context): KeyFolder | null {
  if (config.privacy === null) return null;
  const { keys } = config.privacy;
  return openKeyFolder(isAbsolute(keys) ? keys : join(config.root, keys), keys);
}

/** Absolute path of the analysts' file, beside the ledger's project. */
export function historyPath(config: Config): string {
  return join(config.root, HISTORY_FILE);
}

/** HEAD as results tell it. */
export function headResult(ledger: Ledger): HeadResult {
  return { serial: ledger.serial, sha256: ledger.head?.head_sha256 ?? null };
}

/** An instant as people of this configuration read it. */
export function tell(config: Config, instant: Instant): string {
  return isoLocal(instant, config.timezone);
}

/** An instant as events keep it. */
export function utc(instant: Instant): string {
  return isoUtc(instant);
}
