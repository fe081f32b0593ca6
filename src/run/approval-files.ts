/** Reading `approvals/*.yaml`: what somebody signed off, by merging a file into the branch that the runs read. */
import { didYouMean } from '../config/suggest.js';
import { positionsOf } from '../config/positions.js';
import type { Path } from '../config/positions.js';
import { excerpt } from '../config/excerpt.js';
import { readYaml } from '../config/yaml.js';
import { problem } from '../values/diagnostic.js';
import type { Diagnostic, Place } from '../values/diagnostic.js';
import type { Instant } from '../values/time.js';
import { projectFiles } from '../world/config-files.js';
import { readInstant } from './context.js';
import type { Context } from './context.js';

/** A batch that somebody looked at and approves, as it was then. */
export interface Approval {
  /** Relative to the project. */
  readonly file: string;
  readonly batch: string;
  /** The preview's digest: its first 12 hex digits or more, in small letters. */
  readonly digest: string;
  /** Only these, sorted; empty: all. */
  readonly customers: readonly string[];
  /** Findings (errors) of customers that the configuration does not know; one that was followed may name some who have left. */
  readonly strangers: readonly Diagnostic[];
  /** When it is confirmed; null: when a run comes across it. */
  readonly approved_at: Instant | null;
  readonly approved_by: string | null;
  readonly at: { readonly batch: Place; readonly digest: Place };
  /** The line at a place, to be printed with a finding. */
  readonly excerpt: (place: Place) => string;
}

const KEYS = ['batch', 'digest', 'customers', 'approved_at', 'approved_by'];

/** All approvals by file name. A file that cannot be read gives findings (errors) and no approval. */
export async function readApprovals({ config }: Context): Promise<{ approvals: Approval[]; problems: Diagnostic[] }> {
  const files = projectFiles(config.root);
  const approvals: Approval[] = [];
  const problems: Diagnostic[] = [];
  const matches = await files.glob(`${config.approvals}/*.{yaml,yml}`);
  problems.push(...matches.refused.map(({ path, why }) => problem('APPROVAL_VALUE', `${path} ${why}`, {
    at: { file: path }, hint: 'put the file itself into the project, readable for this user',
  })));
  for (const file of matches.files) {
    try {
      const text = ((await files.read(file)) ?? '').replace(/^\uFEFF/, '');
      const { value, problems: found } = await readYaml(file, text);
      if (found.length > 0) {
        problems.push(...found.map((each) => ({ ...each, ...excerptOf(text, each.at) })));
        continue;
      }
      const reader = new Reader(file, text, value, config);
      const approval = reader.read();
      problems.push(...reader.found);
      if (approval !== null) approvals.push(approval);
    } catch (error) {
      problems.push(problem('APPROVAL_VALUE', `${file}: ${error instanceof Error ? error.message : String(error)}`, { at: { file } }));
    }
  }
  return { approvals, problems };
}

function excerptOf(text: string, at: Place | undefined): { excerpt?: string } {
  const shown = at?.line === undefined ? '' : excerpt(text, at);
  return shown === '' ? {} : { excerpt: shown };
}

class Reader {
  readonly found: Diagnostic[] = [];
  readonly #strangers: Diagnostic[] = [];
  readonly #file: string;
  readonly #text: string;
  readonly #value: unknown;
  readonly #config: Context['config'];
  #positions: ReturnType<typeof positionsOf> | null = null;

  constructor(file: string, text: string, value: unknown, config: Context['config']) {
    this.#file = file;
    this.#text = text;
    this.#value = value;
    this.#config = config;
  }

  read(): Approval | null {
    const value = this.#value;
    if (value === null || typeof value !== 'object' || Array.isArray(value)) {
      this.#wrong([], 'an approval has the keys batch and digest', 'like `batch: "2026-05-01"` and `digest: 3f9c2a17b0de`');
      return null;
    }
    for (const key of Object.keys(value).filter((each) => !KEYS.includes(each))) {
      this.#wrong([key], `an approval has no key ${key}`, didYouMean(key, KEYS) ?? undefined, true);
    }
    const batch = this.#word('batch', true);
    const digest = this.#word('digest', true)?.toLowerCase() ?? null;
    if (digest !== null && !/^[0-9a-f]{12,64}$/.test(digest)) {
      this.#wrong(['digest'], `"${digest}" is not a digest`, 'copy at least its first 12 digits from `duebook preview`');
    }
    const customers = this.#customers();
    const approved_at = this.#instant(this.#word('approved_at', false));
    const approved_by = this.#word('approved_by', false);
    if (batch === null || digest === null || this.found.length > 0) {
      this.found.push(...this.#strangers);
      return null;
    }
    const text = this.#text;
    return {
      file: this.#file, batch, digest, customers, strangers: this.#strangers, approved_at, approved_by,
      at: { batch: this.#place(['batch']), digest: this.#place(['digest']) }, excerpt: (place) => excerpt(text, place),
    };
  }

  /** A digest of digits alone is a number to YAML, and a day may be written without quotes: what counts is what is written. */
  #word(key: string, isNeeded: boolean): string | null {
    const value = (this.#value as Record<string, unknown>)[key];
    if (value === undefined || value === null) {
      if (isNeeded) this.#wrong([], `an approval needs ${key}`, 'see docs/approvals.md');
      return null;
    }
    const word = typeof value === 'string' ? value : this.#find().written([key]);
    if (word !== null && word.trim() !== '') return word;
    this.#wrong([key], `${key} must be a text`);
    return null;
  }

  #customers(): string[] {
    const { customers } = this.#value as { customers?: unknown };
    if (customers === undefined) return [];
    if (!Array.isArray(customers) || customers.length === 0) {
      this.#wrong(['customers'], 'customers must be a list of customers', 'leave it out to approve all');
      return [];
    }
    const known = new Set(this.#config.customers.map((each) => each.customer_id));
    const ids = customers.map((each, i) => (typeof each === 'string' ? each : this.#find().written(['customers', i]) ?? ''));
    for (const [i, id] of ids.entries()) {
      if (known.has(id)) continue;
      this.#strangers.push(this.#finding(['customers', i], `there is no customer "${id}"`, didYouMean(id, [...known].sort()) ?? undefined));
    }
    return [...new Set(ids)].sort();
  }

  #instant(written: string | null): Instant | null {
    if (written === null) return null;
    const instant = readInstant(written, this.#config.timezone);
    if (instant === null) {
      this.#wrong(['approved_at'], `"${written}" is not an instant`, 'write 2026-05-02, 2026-05-02T10:30 or 2026-05-02T08:30:00Z');
    }
    return instant;
  }

  #wrong(path: Path, message: string, hint?: string, isKey = false): void {
    this.found.push(this.#finding(path, message, hint, isKey));
  }

  #finding(path: Path, message: string, hint?: string, isKey = false): Diagnostic {
    const at = isKey ? this.#find().keyPlace(path) : this.#place(path);
    return problem('APPROVAL_VALUE', message, { at, ...(hint === undefined ? {} : { hint }), ...excerptOf(this.#text, at) });
  }

  #place(path: Path): Place {
    return this.#find().place(path);
  }

  #find(): ReturnType<typeof positionsOf> {
    this.#positions ??= positionsOf(this.#file, this.#text);
    return this.#positions;
  }
}
