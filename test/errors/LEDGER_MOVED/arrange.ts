import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { dirname, join } from 'node:path';

import { cli, folder } from '../../cli/support.js';

/** Another run is quicker: its commit is there in the moment in which this one wants to write the same serial. */
export async function arrange(dir: string): Promise<() => void> {
  const other = folder(dir);
  await cli(['confirm', '2026-05-01', '--as-of', '2026-05-02'], { cwd: other });
  const link = fs.promises.link;
  fs.promises.link = async (from, to) => {
    if (String(to) === join(dir, 'data', 'ledger', 'commits', '00000001.json')) {
      await mkdir(dirname(String(to)), { recursive: true });
      // The name of a run depends on the bytes of its files; what is shown here must not.
      const commit = await readFile(join(other, 'data', 'ledger', 'commits', '00000001.json'), 'utf8');
      await cp(join(other, 'data', 'ledger', 'segments'), join(dir, 'data', 'ledger', 'segments'), { recursive: true });
      await writeFile(String(to), commit.replaceAll(/run_[0-9a-f]{20}/g, 'run_0123456789abcdef0123'));
    }
    return link(from, to);
  };
  syncBuiltinESMExports();
  return () => {
    fs.promises.link = link;
    syncBuiltinESMExports();
  };
}
