/**
 * Telling the team that a run failed. Nothing of it is in the ledger, so nothing can be queued: it is sent at once, as well as it goes,
 * and never stands in the way of the error itself.
 */
import { join } from 'node:path';
import { isTold } from '../values/notices.js';
import type { Notification } from '../config/types.js';
import { CODES } from '../values/codes.js';
import type { DuebookError } from '../values/diagnostic.js';
import { canonicalJson } from '../values/digest.js';
import { openMailer } from '../world/mailer.js';
import { diagnosed } from '../world/system-errors.js';
import type { Mailer } from '../world/types.js';
import { openContext, utc } from './context.js';
import type { Context } from './context.js';
import { noticeId, payloadOf } from './notices.js';
import { noticeDelivery } from './outbox-notices.js';
import type { CommonOptions, World } from './world.js';

/** So many problems are named. */
const NAMED = 20;
/** Somebody waits for the command to end: a server that does not answer is given up soon. */
const TIMEOUTS = { connection_ms: 10_000, greeting_ms: 10_000, silence_ms: 20_000 };

/** What `run_failed` names as the reason. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
}

const told = new WeakSet<World>();

/**
 * Tells of what `run` threw, if the configuration can be read: who is to be told stands there. Not of a ledger that another run holds,
 * nor of a wrong command line: nothing failed then. At most once for a world, and never throws.
 */
export async function tellRunFailed(world: World, options: CommonOptions, error: unknown): Promise<void> {
  const failures = failuresOf(diagnosed(error, world.cwd));
  if (failures.length === 0 || told.has(world)) return;
  told.add(world);
  try {
    await notifyFailure(await openContext(world, options), failures);
  } catch {
    // The error itself is told by whoever called; that nobody could be told of it is the lesser news.
  }
}

/** Sends `run_failed` to everybody who is told of it. Says in the log whom it did not reach; never throws for that. */
export async function notifyFailure(context: Context, failures: readonly Failure[]): Promise<void> {
  const { config, as_of, world } = context;
  const payload = canonicalJson({
    ...payloadOf(context, 'run_failed'),
    problems: failures.slice(0, NAMED).map(({ code, message, hint }) => ({ code, message, hint: hint ?? null })),
  });
  let mailer: Mailer | null = null;
  const open = (): Mailer => (mailer ??= mailerOf(context));
  try {
    await Promise.all(config.notifications.filter((to) => isTold(to, 'run_failed')).map(async (to) => {
      const error = await sendTo(context, to, { message_id: noticeId('run_failed', utc(as_of), to.name), payload, at: as_of }, open);
      if (error !== null) world.log.info(`notification ${to.name} could not be told of the failure: ${error}`);
    }));
  } finally {
    await (mailer as Mailer | null)?.close();
  }
}

async function sendTo(
  context: Context, to: Notification, notice: { message_id: string; payload: string; at: number }, open: () => Mailer,
): Promise<string | null> {
  const { mail } = context.config;
  try {
    const recipients = canonicalJson(to.webhook === null ? to.email : [to.name]);
    const deliver = await noticeDelivery(context, { ...notice, recipients }, mail === null ? null : { settings: mail, open });
    const outcome = await deliver();
    return outcome.status === 'sent' ? null : outcome.error;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function mailerOf({ config }: Context): Mailer {
  return config.mail?.transport === 'smtp'
    ? openMailer({ transport: 'smtp', url: config.mail.url ?? '', connections: 1, timeouts: TIMEOUTS })
    : openMailer({ transport: 'file', dir: join(config.root, config.output, 'mail') });
}

/** The errors worth telling; empty where nothing failed. */
function failuresOf(error: DuebookError | null): Failure[] {
  if (error === null) {
    return [{ code: 'INTERNAL_ERROR', message: 'duebook met a bug of its own; the output of the run says more' }];
  }
  const errors = error.diagnostics.filter((each) => each.severity === 'error');
  return errors.filter(({ code }) => code !== 'LEDGER_LOCKED' && CODES[code] !== CODES.USAGE);
}
