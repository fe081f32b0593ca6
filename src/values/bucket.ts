/** The address of a ledger in a bucket, as it stands in the configuration: `s3://bucket/prefix?region=eu-central-1`. */

export interface BucketAddress {
  readonly bucket: string;
  /** Without slashes at the ends; empty: the whole bucket. */
  readonly prefix: string;
  /** Null: from the environment, else AWS. */
  readonly endpoint: string | null;
  /** Null: from the environment or the AWS configuration. */
  readonly region: string | null;
  /** `endpoint/bucket/key` instead of `bucket.endpoint/key`. Null: where there is an endpoint of one's own. */
  readonly path_style: boolean | null;
  /** `s3://bucket/prefix`: what messages call it. */
  readonly name: string;
}

/** What is wrong with an address, and the remedy. */
export interface BucketFlaw {
  readonly flaw: string;
  readonly hint: string;
}

const EXAMPLE = 's3://my-bucket/ledger?region=eu-central-1';
const SETTINGS = ['endpoint', 'path_style', 'region'];

/** Whether a text names a place with a scheme (`s3://…`), and not a folder. */
export function isAddress(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
}

/** Reads an address. Names of buckets as AWS has them: 3 to 63 of a-z, 0-9, dot and dash. */
export function readBucketAddress(text: string): BucketAddress | BucketFlaw {
  const wrong = (flaw: string, hint = `write it like ${EXAMPLE}`): BucketFlaw => ({ flaw, hint });
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*):\/\/(.*)$/is.exec(text) ?? [];
  if (scheme.toLowerCase() !== 's3') return wrong(`${scheme}:// is no place for a ledger`, `name a folder, or a bucket like ${EXAMPLE}`);
  const [path = '', query = '', ...more] = rest.split('?');
  if (more.length > 0 || rest.includes('#')) return wrong('only one ? and no # may stand in it');
  const [bucket = '', ...parts] = path.split('/');
  if (bucket.includes('@') || bucket.includes(':')) {
    return wrong('keys do not belong into the address', 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment of the run');
  }
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) return wrong(`"${bucket}" is not the name of a bucket`);
  const prefix = parts.filter((part) => part !== '');
  const odd = prefix.find((part) => part === '.' || part === '..' || !/^[\w.=+@-]+$/.test(part));
  if (odd !== undefined) return wrong(`"${odd}" cannot be part of the prefix`, 'use letters, digits, dot, dash and underscore');
  const settings = new Map<string, string>();
  for (const [key, value] of new URLSearchParams(query)) {
    if (!SETTINGS.includes(key)) return wrong(`"${key}" is no setting of a bucket`, `there are ${SETTINGS.join(', ')}`);
    if (settings.has(key) || value === '') return wrong(`${key} stands there twice or without a value`);
    settings.set(key, value);
  }
  const flaw = flawOf(settings);
  if (flaw !== null) return wrong(...flaw);
  const style = settings.get('path_style');
  return {
    bucket, prefix: prefix.join('/'), endpoint: settings.get('endpoint') ?? null, region: settings.get('region') ?? null,
    path_style: style === undefined ? null : style === 'true', name: `s3://${[bucket, ...prefix].join('/')}`,
  };
}

function flawOf(settings: ReadonlyMap<string, string>): [string, string] | null {
  const endpoint = settings.get('endpoint');
  if (endpoint !== undefined && !/^https?:\/\/[\w.-]+(:\d+)?\/?$|^https?:\/\/\[[0-9a-f:]+\](:\d+)?\/?$/i.test(endpoint)) {
    return [`the endpoint ${endpoint} is not the address of a server`, 'write it like https://s3.example.com'];
  }
  const style = settings.get('path_style') ?? 'true';
  if (style !== 'true' && style !== 'false') return [`path_style is ${style}`, 'write true or false'];
  const region = settings.get('region') ?? 'x';
  return /^[\w-]+$/.test(region) ? null : [`${region} is not a region`, 'write it like eu-central-1'];
}
