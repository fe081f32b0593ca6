import { existsSync, readdirSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { loadConfig } from '../../src/config/load.js';
import { CODES } from '../../src/values/codes.js';
import { DuebookError } from '../../src/values/diagnostic.js';
import type { Diagnostic } from '../../src/values/diagnostic.js';
import { projectFiles } from '../../src/world/config-files.js';
import { inTests } from './expectation.js';

const codes = readdirSync(inTests('errors')).filter((code) => code.startsWith('CONFIG_')).sort();

async function findings(code: string): Promise<readonly Diagnostic[]> {
  try {
    await loadConfig(projectFiles(inTests(`errors/${code}/project`)), 'billing.config.yaml', {});
  } catch (error) {
    if (error instanceof DuebookError) return error.diagnostics;
    throw error;
  }
  return [];
}

describe('the gallery of config errors', () => {
  test('has a folder for every code', () => {
    expect(codes).toEqual(Object.keys(CODES).filter((code) => code.startsWith('CONFIG_')).sort());
  });

  test.each(codes)('%s is provoked, alone, with place and remedy', async (code) => {
    expect(existsSync(inTests(`errors/${code}/command.txt`))).toBe(true);
    const found = await findings(code);
    expect(found.length).toBeGreaterThan(0);
    for (const each of found) {
      expect(each.code).toBe(code);
      expect(each.severity).toBe('error');
      expect(each.at?.file).toBeTruthy();
      expect(each.hint, each.message).toBeTruthy();
    }
  });
});
