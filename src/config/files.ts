/**
 * The files of a project as this room sees them. The real ones are in `world/config-files.ts`; a test hands in a map.
 * Paths are relative to `root`, with forward slashes.
 */
export interface ConfigFiles {
  /** Absolute folder of the main file. */
  readonly root: string;
  /** The text of a file (UTF-8, without byte order mark); null if there is none. Throws an Error with plain words if it cannot be read. */
  read(path: string): Promise<string | null>;
  /** What a pattern of `*`, `**`, `?` and `{a,b}` matches. */
  glob(pattern: string): Promise<Matches>;
  /** Whether a file or folder stands there, inside of `root`. */
  exists(path: string): Promise<boolean>;
}

/** What a pattern matches, sorted, and never outside of the root. */
export interface Matches {
  readonly files: readonly string[];
  /** What matches, or leads to what would, and is not read: its path and why, as the rest of a sentence. */
  readonly refused: readonly { readonly path: string; readonly why: string }[];
}
