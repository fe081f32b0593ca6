/**
 * The four doors to the outside: clock, files, object store, mailer; and the log. Interfaces only; the real ones are beside
 * this file, the tests' fakes with the tests. Nothing here knows billing or SQL.
 */

/** Where a program's words go. Data for the user never comes this way. */
export interface Log {
  /** A plain line for the person who watches (stderr). */
  info(text: string): void;
  /** Starts a progress display for work that may take over a second; call the returned functions to move and end it. */
  progress(label: string, total?: number): { tick(done: number): void; end(): void };
}

/** Object store of the ledger. Keys are relative, forward slashes. All writes are durable when the promise resolves. */
export interface ObjectStore {
  /** What the store calls itself in messages: `data/ledger` or `s3://bucket/prefix`. */
  readonly name: string;
  /** The whole object, or null if there is none. */
  get(key: string): Promise<Buffer | null>;
  /** Writes only if nothing stands there (atomically, durably). */
  create(key: string, bytes: Buffer): Promise<'created' | 'exists'>;
  /** Like create, from a local file. */
  createFromFile(key: string, path: string): Promise<'created' | 'exists'>;
  /** Replaces atomically; only for pointers that can be rebuilt. */
  replace(key: string, bytes: Buffer): Promise<void>;
  /** Keys under a prefix, sorted. */
  list(prefix: string): Promise<string[]>;
  remove(key: string): Promise<void>;
  /**
   * A local path DuckDB can read the object from. A bucket downloads it, unless it did before; with `fresh` it does in any case, so
   * that a proof sees what is there. Nothing stands at the path where there is no such object.
   */
  localPath(key: string, fresh?: boolean): Promise<string>;
  /** Takes the advisory lock; null if another living process holds it (its words come back in `holder`). */
  lock(owner: string): Promise<{ release(): Promise<void> } | { holder: string }>;
  /** Tries out what the ledger stands on, and cleans up. Throws LEDGER_STORE_UNSAFE where a promise is not kept. */
  prove(): Promise<void>;
}

/** A message ready for the wire; everything that could vary is fixed by the caller. */
export interface OutgoingMessage {
  readonly message_id: string;
  readonly from: { readonly name: string; readonly address: string };
  readonly to: readonly string[];
  readonly bcc: readonly string[];
  readonly reply_to: string | null;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** Date header; an instant of the run, never the clock. */
  readonly date: Date;
  readonly attachments: readonly { readonly filename: string; readonly content_type: string; readonly content: Buffer }[];
}

/** What became of one attempt. `uncertain`: the server may have it (connection lost after DATA); never retried by itself. */
export type SendOutcome =
  | {
    readonly status: 'sent'; readonly sha256: string; readonly refused: readonly string[];
    /** SHA-256 of each attachment by its file name, where there are some. */
    readonly documents?: Readonly<Record<string, string>>;
  }
  | { readonly status: 'failed'; readonly error: string; readonly permanent: boolean }
  | { readonly status: 'uncertain'; readonly error: string };

export interface Mailer {
  send(message: OutgoingMessage): Promise<SendOutcome>;
  /** For doctor: connects and says hello; an error text or null. */
  check(): Promise<string | null>;
  close(): Promise<void>;
}
