// Compiles src/ to dist/ and copies the SQL files beside their module.
import { spawnSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
rmSync(`${root}dist`, { recursive: true, force: true });
const compiled = spawnSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-p', `${root}tsconfig.build.json`], { stdio: 'inherit' });
for (const part of ['sql', 'inputs', 'checks', 'prelude.duckdb.sql']) cpSync(`${root}src/models/${part}`, `${root}dist/models/${part}`, { recursive: true });
process.exit(compiled.status ?? 1);
