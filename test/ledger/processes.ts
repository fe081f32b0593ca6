/** Runs parts of the program in processes of their own: the rooms are transpiled to a folder that plain Node can run. */
import { spawn } from 'node:child_process';
import { mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { tempFolder } from './support.js';

/** Transpiles values, world and ledger (without what needs the engine) and gives the folder. */
export async function builtRooms(): Promise<string> {
  const folder = await tempFolder();
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await symlink(resolve('node_modules'), join(folder, 'node_modules'));
  for (const room of ['values', 'world', 'ledger']) {
    await mkdir(join(folder, room));
    for (const name of (await readdir(join('src', room))).filter((n) => n.endsWith('.ts')).sort()) {
      const source = await readFile(join('src', room, name), 'utf8');
      const { outputText } = ts.transpileModule(source, { compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext } });
      await writeFile(join(folder, room, name.replace(/\.ts$/, '.js')), outputText);
    }
  }
  return folder;
}

/** Runs a module text with arguments to its end. */
export async function runNode(script: string, args: readonly string[]): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const file = join(await tempFolder(), 'script.mjs');
  await writeFile(file, script);
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const [out, err] = [[] as Buffer[], [] as Buffer[]];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }));
  });
}
