/** Throw-away projects on disk for the tests of the config room. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { loadConfig } from '../../src/config/load.js';
import type { Config } from '../../src/config/types.js';
import type { Diagnostic } from '../../src/values/diagnostic.js';
import { DuebookError } from '../../src/values/diagnostic.js';
import { projectFiles } from '../../src/world/config-files.js';

/** The least that is a configuration. */
export const BASE = `version: 1
issuer: { id: n, name: Northwind, address: { line1: Hafen 12, city: Hamburg, country: DE } }
currency: EUR
timezone: Europe/Berlin
`;

/** BASE with what customers need. */
export const FULL = `${BASE}taxes: { standard: { name: USt, rate: "19", category: S } }
products: { inspection: { name: Inspection, price: "95.00", tax: standard } }
cycles:
  monthly: { type: monthly, start: 2026-01-01 }
  weekly: { type: weekly, start: 2026-01-05 }
partners: { south: { name: South } }
`;

/** Writes the files to a new folder and returns it. */
export function project(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'duebook-config-'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

export type Loaded = { config: Config; warnings: Diagnostic[] };

/** Loads a main file, or several files of which `billing.config.yaml` is the main one. */
export function load(files: string | Readonly<Record<string, string>>, env: Record<string, string> = {}): Promise<Loaded> {
  const all = typeof files === 'string' ? { 'billing.config.yaml': files } : files;
  return loadConfig(projectFiles(project(all)), 'billing.config.yaml', env);
}

/** The problems of a configuration as lines `file:line:column CODE message -> hint`; empty if it is good. */
export async function problems(files: string | Readonly<Record<string, string>>, env: Record<string, string> = {}): Promise<string[]> {
  try {
    return (await load(files, env)).warnings.map(line);
  } catch (error) {
    if (!(error instanceof DuebookError)) throw error;
    return error.diagnostics.map(line);
  }
}

function line({ at, code, message, hint, also, severity }: Diagnostic): string {
  const place = [at?.file.replace('billing.config.yaml', 'main'), at?.line, at?.column].filter((each) => each !== undefined).join(':');
  const other = also === undefined ? '' : ` (also ${also.file.replace('billing.config.yaml', 'main')}:${also.line}:${also.column})`;
  return `${place} ${severity === 'warning' ? 'warning ' : ''}${code} ${message}${hint === undefined ? '' : ` -> ${hint}`}${other}`;
}
