#!/usr/bin/env node
// Starts duebook from dist/. Plain JavaScript, so that it can say so when there is no dist/ yet or Node is too old.
import { existsSync } from 'node:fs';
import module from 'node:module';

const [major, minor] = process.versions.node.split('.').map(Number);
const entry = new URL('../dist/bin.js', import.meta.url);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`duebook needs Node 20.19 or later; this is ${process.version}.\n`);
  process.exit(1);
}
if (!existsSync(entry)) {
  process.stderr.write('duebook is not built yet. Run: npm run build\n');
  process.exit(1);
}
module.enableCompileCache?.();
await import(entry.href);
