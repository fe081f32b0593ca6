import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { S3_ENV } from '../../support/s3-server.js';
import { lyingBucket } from '../../support/s3-liar.js';

/** The bucket of the project is one that ignores If-None-Match. */
export async function arrange(dir: string): Promise<() => void> {
  const file = join(dir, 'billing.config.yaml');
  await writeFile(file, (await readFile(file, 'utf8')).replace('ENDPOINT', await lyingBucket('creates twice')));
  Object.assign(process.env, S3_ENV);
  return () => {
    for (const name of Object.keys(S3_ENV)) delete process.env[name];
  };
}
