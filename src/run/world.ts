/** What a command is given of the outside world, by the door: nothing below asks for clock, environment or folder itself. */
import type { Instant } from '../values/time.js';
import type { CrashPoints } from '../world/crash-points.js';
import type { MailerSettings } from '../world/mailer.js';
import type { Log, Mailer, ObjectStore, SendOutcome } from '../world/types.js';
import type { WebhookCall } from '../world/webhook.js';

/** Doors that stand in for the real ones: a world that is made up. */
export interface Doors {
  /** The ledger's store, by its name in the configuration. */
  readonly store: (name: string) => ObjectStore;
  readonly mailer: (settings: MailerSettings) => Mailer;
  readonly webhook: (call: WebhookCall) => Promise<SendOutcome>;
}

export interface World {
  /** Absolute current folder. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The clock; only asked when no --as-of was given. */
  readonly now: () => Instant;
  readonly log: Log;
  /** This program's version. */
  readonly tool_version: string;
  /** Absolute folder of the installed package (built-in templates, schemas, the starter project). */
  readonly package_root: string;
  /** Absent: the store, mail server and webhooks that the configuration names. */
  readonly doors?: Doors;
  /** Only tests have it: told of every step of I/O as it is reached. */
  readonly crash?: CrashPoints;
}

/** Options that every command takes. */
export interface CommonOptions {
  /** `--config`; undefined: billing.config.yaml in the current or a parent folder. */
  readonly config?: string;
  /** `--as-of` as written: an instant with offset, a local date-time or a date in the zone of the configuration. */
  readonly as_of?: string;
  /** `--config-commit`: the git commit that the configuration was read from. */
  readonly config_commit?: string;
  /** `--memory-limit`, DuckDB size text. */
  readonly memory_limit?: string;
  /** `--threads` */
  readonly threads?: number;
}
