// The S3 server that the tests of buckets use: versitygw (Apache-2.0), a pinned version, built from the Go module proxy into a folder
// outside the repository. `node scripts/s3-server.mjs` builds it where it is not there yet and prints its path; needs Go 1.24 or later.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const VERSION = 'v1.8.0';
const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'duebook-tests', `versitygw-${VERSION}`);

/** Where the server is, or would be. */
export const SERVER = process.env.DUEBOOK_S3_SERVER ?? join(folder, 'versitygw');

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!existsSync(SERVER)) build();
  console.log(SERVER);
}

function build() {
  const aside = `${folder}.${process.pid}`;
  mkdirSync(aside, { recursive: true });
  const built = spawnSync('go', ['install', '-ldflags=-s -w', `github.com/versity/versitygw/cmd/versitygw@${VERSION}`], {
    env: { ...process.env, GOBIN: aside, CGO_ENABLED: '0' }, stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (built.status !== 0) {
    console.error(built.error === undefined ? 'The S3 server for the tests could not be built.' : 'Go is needed to build the S3 server for the tests.');
    process.exit(1);
  }
  renameSync(aside, folder);
}
