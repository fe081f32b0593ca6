/** What a bucket's errors mean, in plain words with the remedy. */
import { DuebookError, problem } from '../values/diagnostic.js';
import type { BucketAddress } from '../values/bucket.js';

/** What is known of an error of the S3 client or of the network below it. */
export interface BucketError {
  /** The service's own code (`NoSuchBucket`), or the system's (`ENOTFOUND`), or the kind of error. */
  readonly code: string;
  /** HTTP status; null where no answer came. */
  readonly status: number | null;
  readonly text: string;
  /** How often the request was made. */
  readonly attempts: number;
}

/** Reads an error of the client. */
export function bucketError(error: unknown): BucketError {
  const { name, code, message, $metadata: meta, Code } = error as {
    name?: unknown; code?: unknown; message?: unknown; Code?: unknown; $metadata?: { httpStatusCode?: number; attempts?: number };
  };
  const words = [code, Code, name].find((each): each is string => typeof each === 'string' && !['', 'Error', 'Unknown'].includes(each));
  return {
    code: words ?? 'unknown', status: meta?.httpStatusCode ?? null, attempts: meta?.attempts ?? 1,
    text: typeof message === 'string' ? message : String(error),
  };
}

/** The condition of a write did not hold: the object stands there, or is not the one that was meant (RFC 9110 15.5.13). */
export function isRefused({ code, status }: BucketError): boolean {
  return code === 'PreconditionFailed' || status === 412;
}

/** Another write to the same key was under way: nobody knows yet who won, try again. */
export function isConflict({ code, status }: BucketError): boolean {
  return code === 'ConditionalRequestConflict' || code === 'OperationAborted' || status === 409;
}

export function isMissing({ code, status }: BucketError): boolean {
  return code === 'NoSuchKey' || (status === 404 && code !== 'NoSuchBucket');
}

/** Whether the server may have done what was asked all the same: no answer, or one of a fault on its side. */
export function isUnclear({ status, code }: BucketError): boolean {
  return (status === null && !CERTAIN.has(code)) || (status !== null && status >= 500 && status !== 501) || status === 408;
}

/** Without an answer, and certain that nothing was asked. */
const CERTAIN = new Set(['CredentialsProviderError', 'TokenProviderError', 'ENOTFOUND', 'ECONNREFUSED']);

type Words = readonly [words: string, hint: string];
const CREDENTIALS = 'Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN where there is one) in the environment'
  + ' of the run, or give the machine a role.';
const RIGHTS = 'The run needs s3:GetObject, s3:PutObject and s3:DeleteObject on its prefix and s3:ListBucket on the bucket;'
  + ' docs/ledger.md has a policy.';
const REGION: Words = ['the bucket is in another region', 'Name its region in the address of the ledger: ?region=eu-central-1.'];
const NETWORK = 'Check the network, and `endpoint` and `region` in the address of the ledger. Running again is safe.';
const LATER = 'The service is at fault or busy. Running again later is safe.';

const WORDS: Readonly<Record<string, Words>> = {
  CredentialsProviderError: ['there are no credentials', CREDENTIALS],
  InvalidAccessKeyId: ['the access key is not known there', CREDENTIALS],
  SignatureDoesNotMatch: ['the secret key does not fit the access key', CREDENTIALS],
  ExpiredToken: ['the credentials have expired', CREDENTIALS],
  ExpiredTokenException: ['the credentials have expired', CREDENTIALS],
  InvalidToken: ['the session token is not valid', CREDENTIALS],
  NoSuchBucket: ['there is no such bucket', 'Check its name, region and endpoint, or make the bucket.'],
  AccessDenied: ['access is denied', RIGHTS],
  AllAccessDisabled: ['access is denied', RIGHTS],
  RequestTimeTooSkewed: ["this machine's clock is wrong", 'Set the clock (NTP) and run again.'],
  PermanentRedirect: REGION,
  AuthorizationHeaderMalformed: REGION,
  IllegalLocationConstraintException: REGION,
  InvalidBucketName: ['the name of the bucket is not valid there', 'Check `ledger` in the configuration.'],
  EntityTooLarge: ['the object is larger than the service takes', 'Confirm smaller batches, for instance by partner.'],
  QuotaExceeded: ['the quota of the bucket is used up', 'Free or buy space and run again; the ledger is as it was before.'],
  XMinioStorageFull: ['the disk of the server is full', 'Free some space and run again; the ledger is as it was before.'],
  InsufficientStorage: ['the disk of the server is full', 'Free some space and run again; the ledger is as it was before.'],
  ENOTFOUND: ['the server has no address (DNS)', NETWORK],
  EAI_AGAIN: ['the server has no address (DNS)', NETWORK],
  ECONNREFUSED: ['the server refuses connections', NETWORK],
  ECONNRESET: ['the connection was lost', NETWORK],
  EPIPE: ['the connection was lost', NETWORK],
  TimeoutError: ['the server did not answer in time', NETWORK],
  ETIMEDOUT: ['the server did not answer in time', NETWORK],
  SlowDown: ['the service asks to slow down', LATER],
  ServiceUnavailable: ['the service is not available', LATER],
  InternalError: ['the service has an internal error', LATER],
};
const BY_STATUS: Readonly<Record<number, Words>> = {
  301: WORDS['PermanentRedirect']!, 403: WORDS['AccessDenied']!, 404: WORDS['NoSuchBucket']!, 503: WORDS['ServiceUnavailable']!,
  507: WORDS['InsufficientStorage']!, 500: WORDS['InternalError']!,
};

/** The finding for an error while an object was read or written. `unknown`: the write may have been done all the same. */
export function unreachable(
  address: BucketAddress, key: string, action: 'read' | 'write', error: BucketError, unknown = false,
): DuebookError {
  const file = key === '' ? address.name : `${address.name}/${key}`;
  if (error.status === 501 || error.code === 'NotImplemented') return unsafe(address, 'it does not know conditional writes');
  const [words, hint] = WORDS[error.code] ?? BY_STATUS[error.status ?? 0]
    ?? [/certificate|self.signed/i.test(error.text) ? 'its certificate is not trusted' : `it says ${error.code}: ${error.text}`, NETWORK];
  const doubt = unknown ? ' Whether it was written is not known; the next run finds out by itself.' : '';
  return new DuebookError([problem('LEDGER_UNREACHABLE', `Cannot ${action} ${file}: ${words}.${doubt}`, { at: { file }, hint })]);
}

export const CREATES_TWICE = 'it creates an object that is there already (it does not honour If-None-Match)';
export const REPLACES_STALE = 'it replaces an object by a condition that does not hold (it does not honour If-Match)';

/** The finding for a bucket that the ledger cannot stand on. */
export function unsafe(address: BucketAddress, what: string): DuebookError {
  return new DuebookError([problem('LEDGER_STORE_UNSAFE', `${address.name} is not safe for a ledger: ${what}.`, {
    at: { file: address.name },
    hint: 'Two runs at the same time could both commit there. Use a service that honours If-None-Match and If-Match on PutObject,'
      + ' or a folder.',
  })]);
}
