/** A real S3 server (versitygw) on loopback, with a folder of its own, for the tests of one file. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { SERVER } from '../../scripts/s3-server.mjs';
import type { BucketAddress } from '../../src/values/bucket.js';
import { readBucketAddress } from '../../src/values/bucket.js';

const REQUIRED = process.env['DUEBOOK_REQUIRE_S3'] === '1';
const THERE = existsSync(SERVER);
const WHY = 'tests of buckets are skipped: no S3 server; `node scripts/s3-server.mjs` builds one (needs Go)';

/** What a process needs in its environment to use the server. */
export const S3_ENV = { AWS_ACCESS_KEY_ID: 'duebook', AWS_SECRET_ACCESS_KEY: 'duebook-secret' } as const;

export interface S3Server {
  /** `http://127.0.0.1:port` */
  readonly endpoint: string;
  /** Folder in which buckets are folders, and objects files. */
  readonly folder: string;
  /** `s3://ledgers/<prefix>?endpoint=…`, as the configuration has it; another endpoint stands for a proxy in front. */
  url(prefix: string, endpoint?: string): string;
  address(prefix: string, endpoint?: string): BucketAddress;
}

/** A bucket that all tests of the server share; each takes a prefix of its own. */
const BUCKET = 'ledgers';

/** Like `describe`, with a server that ends after the tests. Skipped with a word where there is none; a failure where there has to be one. */
export function describeWithS3(name: string, tests: (server: S3Server) => void): void {
  if (!THERE && !REQUIRED) console.warn(WHY);
  describe.skipIf(!THERE && !REQUIRED)(name, () => {
    const state = { endpoint: '', folder: '' };
    let child: ChildProcess | null = null;
    beforeAll(async () => {
      if (!THERE) throw new Error(WHY);
      state.folder = await mkdtemp(join(tmpdir(), 'duebook-s3-'));
      const started = await start(state.folder);
      child = started.child;
      state.endpoint = started.endpoint;
    });
    afterAll(async () => {
      if (child !== null) {
        const ended = new Promise((done) => child!.once('exit', done));
        child.kill('SIGKILL');
        await ended;
      }
      await rm(state.folder, { recursive: true, force: true });
    });
    const url = (prefix: string, endpoint = state.endpoint): string => `s3://${BUCKET}/${prefix}?endpoint=${endpoint}`;
    tests({
      get endpoint() { return state.endpoint; },
      get folder() { return state.folder; },
      url,
      address: (prefix, endpoint) => {
        const address = readBucketAddress(url(prefix, endpoint));
        if ('flaw' in address) throw new Error(address.flaw);
        return address;
      },
    });
  });
}

async function start(folder: string): Promise<{ child: ChildProcess; endpoint: string }> {
  await mkdir(join(folder, BUCKET));
  const port = await freePort();
  const child = spawn(SERVER, ['--port', `127.0.0.1:${port}`, '--quiet', '--keep-alive', 'posix', folder], {
    env: { ROOT_ACCESS_KEY: S3_ENV.AWS_ACCESS_KEY_ID, ROOT_SECRET_KEY: S3_ENV.AWS_SECRET_ACCESS_KEY }, stdio: 'ignore',
  });
  const endpoint = `http://127.0.0.1:${port}`;
  for (let tries = 0; tries < 200; tries += 1) {
    if (child.exitCode !== null) throw new Error(`the S3 server ended with ${child.exitCode}`);
    if (await fetch(endpoint).then(() => true, () => false)) return { child, endpoint };
    await new Promise((done) => setTimeout(done, 50));
  }
  child.kill('SIGKILL');
  throw new Error('the S3 server does not answer');
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
