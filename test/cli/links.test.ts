/** A file that is a link out of the project is never passed over in silence: what it holds would be missing from the invoices. */
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { cli, folder, starter } from './support.js';

const PREVIEW = ['preview', '--as-of', '2026-06-02T00:00:00Z'];
const LINK = 'is a link that leads out of the project';

/** The starter project, where one of its files is a link to a place outside. */
async function linked(file: string): Promise<string> {
  const [dir, elsewhere] = [await starter(), folder()];
  renameSync(join(dir, file), join(elsewhere, 'moved'));
  symlinkSync(join(elsewhere, 'moved'), join(dir, file));
  return dir;
}

describe.skipIf(process.platform === 'win32')('a link out of the project', () => {
  test('as the configuration is named as what it is', async () => {
    const ran = await cli(['validate'], { cwd: await linked('billing.config.yaml') });
    expect(ran.stderr).toContain(`CONFIG_UNREADABLE: billing.config.yaml cannot be read: it ${LINK}`);
    expect(ran.code).toBe(4);
  });

  test('among bookings stops the run, although other files match', async () => {
    const [dir, elsewhere] = [await starter(), folder()];
    const path = /path: (\S+)/.exec(readFileSync(join(dir, 'billing.config.yaml'), 'utf8'))![1]!;
    const data = path.slice(0, path.lastIndexOf('/'));
    writeFileSync(join(elsewhere, 'late.csv'), '');
    symlinkSync(join(elsewhere, 'late.csv'), join(dir, data, 'late.csv'));
    const ran = await cli(PREVIEW, { cwd: dir });
    expect(ran.stderr).toContain(`BOOKINGS_UNREADABLE: ${data}/late.csv ${LINK}`);
    expect(ran.code).toBe(5);
  });

  test('as the folder of bookings, too', async () => {
    const dir = await linked('data');
    const ran = await cli(PREVIEW, { cwd: dir });
    expect(ran.stderr).toContain(`BOOKINGS_UNREADABLE: data ${LINK}`);
    expect(ran.stderr).not.toContain('BOOKINGS_NO_FILES');
  });

  test('among included files and approvals is told with its path', async () => {
    const [dir, elsewhere] = [await starter(), folder()];
    writeFileSync(join(elsewhere, 'far.yaml'), '');
    for (const name of ['config/customers', 'approvals']) {
      mkdirSync(join(dir, name), { recursive: true });
      symlinkSync(join(elsewhere, 'far.yaml'), join(dir, name, 'far.yaml'));
    }
    const included = await cli(['validate'], { cwd: dir });
    expect(included.stderr).toMatch(new RegExp(`billing\\.config\\.yaml:\\d+:11: error CONFIG_INCLUDE: config/customers/far\\.yaml ${LINK}`));
    expect(included.code).toBe(4);
    rmSync(join(dir, 'config/customers/far.yaml'));
    const approvals = await cli(['run', '--as-of', '2026-06-02T00:00:00Z'], { cwd: dir });
    expect(approvals.stderr).toContain(`APPROVAL_VALUE: approvals/far.yaml ${LINK}`);
  });
});
