// Compiles src/ beside dist/, copies the SQL files next to their module, and puts the result into place in one step, so that a
// command started meanwhile finds the old program or the new one.
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, renameSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [fresh, old] = [`${root}.dist-${process.pid}`, `${root}.dist-old-${process.pid}`];
const tsc = `${root}node_modules/typescript/bin/tsc`;
const compiled = spawnSync(process.execPath, [tsc, '-p', `${root}tsconfig.build.json`, '--outDir', fresh], { stdio: 'inherit' });
for (const part of ['sql', 'inputs', 'checks', 'credits', 'prelude.duckdb.sql']) cpSync(`${root}src/models/${part}`, `${fresh}/models/${part}`, { recursive: true });
if (existsSync(`${root}dist`)) renameSync(`${root}dist`, old);
renameSync(fresh, `${root}dist`);
rmSync(old, { recursive: true, force: true });
process.exit(compiled.status ?? 1);
