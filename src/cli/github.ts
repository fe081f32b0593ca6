/** Inside GitHub Actions: annotations, job summary, outputs. Outside: nothing. */
import { appendFile, stat } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { githubAnnotations } from '../report/diagnostics.js';
import { sha256 } from '../values/digest.js';
import type { Diagnostic } from '../values/diagnostic.js';
import type { Call } from './command.js';
import type { Io } from './io.js';

/** GitHub drops the whole summary of a step above this. */
const SUMMARY_LIMIT = 1024 * 1024;

/** Tells GitHub of a result. Files that cannot be written are said on stderr and never fail a run. */
export async function tellGithub(
  call: Pick<Call, 'io' | 'common'>, name: string, result: object | null, found: readonly Diagnostic[],
): Promise<void> {
  const { io } = call;
  if (io.env['GITHUB_ACTIONS'] !== 'true') return;
  if (found.length > 0) await io.stderr.write(githubAnnotations(found, folderInRepository(io, call.common.config)));
  try {
    await summary(io, name, result, found);
    await outputs(io, result);
  } catch (error) {
    await io.stderr.write(`The job summary or outputs could not be written: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}

/** The project's folder in the repository, "billing/", or empty. */
function folderInRepository(io: Io, config: string | undefined): string {
  const workspace = io.env['GITHUB_WORKSPACE'];
  if (workspace === undefined || workspace === '') return '';
  const way = relative(workspace, projectFolder(io.cwd, config)).split(sep).join('/');
  return way === '' || way.startsWith('..') ? '' : `${way}/`;
}

function projectFolder(cwd: string, config: string | undefined): string {
  if (config !== undefined) return dirname(resolve(cwd, config));
  for (let folder = cwd; dirname(folder) !== folder; folder = dirname(folder)) {
    if (existsSync(join(folder, 'billing.config.yaml'))) return folder;
  }
  return cwd;
}

async function summary(io: Io, name: string, result: object | null, found: readonly Diagnostic[]): Promise<void> {
  const file = io.env['GITHUB_STEP_SUMMARY'];
  if (file === undefined || file === '') return;
  const { fit, resultSections } = await import('../report/markdown.js');
  const used = await stat(file).then(({ size }) => size, () => 0);
  const text = fit(resultSections(name, result, found), SUMMARY_LIMIT - used);
  if (text !== '') await appendFile(file, text);
}

async function outputs(io: Io, result: object | null): Promise<void> {
  const file = io.env['GITHUB_OUTPUT'];
  if (file === undefined || file === '' || result === null) return;
  const { githubOutputs } = await import('../report/outputs.js');
  const lines = githubOutputs(result).map(([name, value]) => {
    // No value can hold the hash of itself, so nothing in it can end it early.
    const end = `end_${sha256(value)}`;
    return `${name}<<${end}\n${value}\n${end}\n`;
  });
  if (lines.length > 0) await appendFile(file, lines.join(''));
}
