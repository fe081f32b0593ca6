/**
 * The door of the config room: read, merge, put the environment in, check the shape, check the rules, resolve. All problems of all
 * files come out together; only unreadable YAML ends it earlier, because what depends on it would be guessed.
 */
import { DuebookError } from '../values/diagnostic.js';
import type { Diagnostic } from '../values/diagnostic.js';
import { canonicalJson, sha256 } from '../values/digest.js';
import { sourcesAhead } from './ahead.js';
import type { Ahead } from './ahead.js';
import { businessDays } from './business-days.js';
import { checkShape } from './check.js';
import { excerptOfLines } from './excerpt.js';
import type { Facts } from './facts.js';
import { factsOf } from './facts.js';
import type { ConfigFiles } from './files.js';
import type { Path } from './positions.js';
import { settingsOf } from './provenance.js';
import { resolve } from './resolve.js';
import { RULES } from './rules.js';
import type { ConfigSpec } from './shape.js';
import type { Written } from './sources.js';
import { isMap, readSources } from './sources.js';
import type { Config } from './types.js';

/**
 * Loads the configuration whose main file is `mainFile`, relative to `files.root`. Throws DuebookError with every problem; warnings
 * come back beside the configuration. `ahead` is told of the sources of bookings before the rest of a large configuration is read.
 */
export async function loadConfig(
  files: ConfigFiles, mainFile: string, env: Readonly<Record<string, string | undefined>>, ahead?: Ahead,
): Promise<{ config: Config; warnings: Diagnostic[] }> {
  const found: Diagnostic[] = [];
  const written = await readSources(files, mainFile, env, found, async (tree) => {
    const sources = found.length > 0 ? null : sourcesAhead(tree);
    if (sources !== null) await ahead?.(files.root, sources);
  });
  if (written === null) throw new DuebookError(await withExcerpts(found, files, written));
  const value = written.filled;
  const broken = checkShape(value, written, found);
  const facts = factsOf(value, broken, written, found);
  for (const rule of RULES) rule(facts);
  await namedFiles(facts, files);
  const business_calendar = await businessDays(facts, isMap(value) && Object.hasOwn(value, 'business_calendar'));
  const told = await withExcerpts(withoutEchoes(found), files, written);
  if (told.some((each) => each.severity === 'error')) throw new DuebookError(told);
  const place: Config['place'] = (path) => written.place(path);
  const resolved = resolve(value as ConfigSpec);
  const config: Config = {
    file: mainFile,
    root: files.root,
    digest: digestOf(written),
    ...resolved,
    business_calendar,
    place,
    settings_of: settingsOf(value as ConfigSpec, resolved.customers, place),
  };
  return { config, warnings: told };
}

/** Of what is written, before the environment; how it is spread over files does not matter. */
function digestOf(written: Written): string {
  const { include: _files, ...content } = written.value;
  return sha256(canonicalJson(content));
}

/** Images and templates that are named must be there: a run must not fail in its last step. */
async function namedFiles(facts: Facts, files: ConfigFiles): Promise<void> {
  const named: [Path, string | undefined, string][] = [
    [['issuer', 'logo'], facts.top('issuer')?.logo, 'logo'],
    [['templates'], facts.top('templates'), 'folder of templates'],
    ...facts.entries('partners').map(([id, { templates }]): [Path, string | undefined, string] => (
      [['partners', id, 'templates'], templates, 'folder of templates'])),
  ];
  for (const [path, file, what] of named) {
    if (file === undefined || await files.exists(file)) continue;
    facts.error(
      'CONFIG_TEMPLATE', path, `the ${what} ${file} is not there`,
      'correct the path (it is relative to the main file), or remove the key',
    );
  }
}

/** A reference to the environment or a file list that is wrong makes a wrong value: one finding about the place is enough. */
function withoutEchoes(found: readonly Diagnostic[]): Diagnostic[] {
  const keyOf = ({ at }: Diagnostic): string => `${at?.file}:${at?.line}:${at?.column}`;
  const causes = (each: Diagnostic): boolean => each.code === 'CONFIG_ENV' || each.code === 'CONFIG_INCLUDE';
  const places = new Set(found.filter(causes).map(keyOf));
  return found.filter((each) => causes(each) || !places.has(keyOf(each)));
}

async function withExcerpts(found: readonly Diagnostic[], files: ConfigFiles, written: Written | null): Promise<Diagnostic[]> {
  const lines = new Map<string, string[]>();
  const textOf = async (file: string): Promise<string> => written?.sources.find((source) => source.file === file)?.text
    ?? (await files.read(file).catch(() => null) ?? '').replace(/^\uFEFF/, '');
  const result: Diagnostic[] = [];
  for (const each of found) {
    if (each.at?.line === undefined) {
      result.push(each);
      continue;
    }
    const { file } = each.at;
    if (!lines.has(file)) lines.set(file, (await textOf(file)).split('\n'));
    const shown = excerptOfLines(lines.get(file)!, each.at);
    result.push(shown === '' ? each : { ...each, excerpt: shown });
  }
  return result;
}
