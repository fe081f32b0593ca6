/**
 * What a text in the configuration can be, beyond its type. Each is a `format` of the JSON Schema: ajv runs the test here, an
 * editor uses the pattern. A format's test includes its pattern, so the two cannot disagree.
 */
import { IANAZone } from 'luxon';

import type { Code } from '../values/diagnostic.js';
import { isCurrency, parseDecimal, RATE_PLACES } from '../values/money.js';
import { isLocalDate } from '../values/time.js';

export interface Format {
  /** Shown after "must be": "a date that exists, like 2026-05-01". */
  readonly expected: string;
  /** For editors; left out where a `${REFERENCE}` may stand in its place. */
  readonly pattern?: string;
  readonly test: (text: string) => boolean;
  /** CONFIG_VALUE unless said otherwise. */
  readonly code?: Code;
}

const DECIMAL = '^-?\\d{1,12}(\\.\\d{1,6})?$';
const RATE = '^\\d{1,8}(\\.\\d{1,10})?$';
const UNSIGNED = '^\\d{1,12}(\\.\\d{1,6})?$';
const MONTH = '^(19|20|21)\\d{2}-(0[1-9]|1[0-2])$';
const TIME = '^([01]\\d|2[0-3]):[0-5]\\d$';
/** Codes of electronic addresses (EAS) that Peppol BIS Billing 3 knows (PEPPOL-EN16931-CL008). */
const ADDRESS_CODES: ReadonlySet<string> = new Set((
  '0002 0007 0009 0037 0060 0088 0096 0097 0106 0130 0135 0142 0147 0151 0154 0158 0170 0177 0183 0184 0188 0190 0191 '
  + '0192 0193 0194 0195 0196 0198 0199 0200 0201 0202 0203 0204 0205 0208 0209 0210 0211 0212 0213 0215 0216 0217 0218 '
  + '0221 0225 0230 0235 0240 9910 9913 9914 9915 9918 9919 9920 9922 9923 9924 9925 9926 9927 9928 9929 9930 9931 9932 '
  + '9933 9934 9935 9936 9937 9938 9939 9940 9941 9942 9943 9944 9945 9946 9947 9948 9949 9950 9951 9952 9953 9957 9959'
).split(' '));
/** Words of letters, digits and signs with single spaces between; no control characters, no odd spaces. */
const WORDS = '^[^\\p{Z}\\p{C}]+( [^\\p{Z}\\p{C}]+)*$';
const LOCAL_PART = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*";
const DOMAIN = '(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
const EMAIL = new RegExp(`^${LOCAL_PART}@${DOMAIN}$`);

/**
 * A plain address, local@domain: no display name, no comment, no quoted part, no group, no line break. Stricter than RFC 5322 on
 * purpose: mail libraries read groups out of looser text and send to the wrong person.
 */
export function isEmail(text: string): boolean {
  return text.length <= 254 && text.indexOf('@') <= 64 && EMAIL.test(text);
}

/** Reads `Name <address>` or an address alone (name is then empty); null if it is neither. */
export function parseMailbox(text: string): { name: string; address: string } | null {
  const match = /^(?:([^<>\p{C}]*\S) *)?<([^<>]*)>$/u.exec(text);
  const name = (match?.[1] ?? '').trim().replace(/^"(.*)"$/, '$1');
  const address = match === null ? text : match[2]!;
  return isEmail(address) ? { name, address } : null;
}

/** A relative path below the project: no `..`, no drive, no backslash. */
export function isProjectPath(text: string): boolean {
  return /^[^\\\p{C}]+$/u.test(text) && !text.startsWith('/') && !/^[A-Za-z]:/.test(text) && !text.split('/').includes('..');
}

/** YYYY-MM-DD, alone or with THH:MM or THH:MM:SS, that exists. */
export function isLocalDateTime(text: string): boolean {
  return isDate(text.slice(0, 10)) && (text.length === 10 || /^T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/.test(text.slice(10)));
}

/** Years are kept within what calendars and databases agree on. */
function isDate(text: string): boolean {
  return isLocalDate(text) && text >= '1900-01-01' && text <= '2199-12-31';
}

let zones: ReadonlyMap<string, string> | undefined;

/** Known zone names by their lower-case form, for suggestions and for the exact spelling. */
export function zoneNames(): ReadonlyMap<string, string> {
  zones ??= new Map(['UTC', ...Intl.supportedValuesOf('timeZone')].map((zone) => [zone.toLowerCase(), zone]));
  return zones;
}

/** An IANA zone in its exact spelling: other programs that read the ledger are stricter about case than this one. */
export function isZone(text: string): boolean {
  if (!/^[A-Z][A-Za-z0-9_+/-]*$/.test(text) || !IANAZone.isValidZone(text)) return false;
  return text === (zoneNames().get(text.toLowerCase()) ?? text);
}

/** ISO 13616: the number made of the rearranged IBAN leaves 1 when divided by 97. */
export function isIban(text: string): boolean {
  const plain = text.replaceAll(' ', '');
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(plain)) return false;
  const digits = (plain.slice(4) + plain.slice(0, 4)).replace(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 55));
  return BigInt(digits) % 97n === 1n;
}

function isSmtpUrl(text: string): boolean {
  return /^smtps?:\/\/[^\s]+$/.test(text) && URL.canParse(text);
}

/** https, or http to this machine itself: what is told of a customer does not go over a network in the open. */
function isWebhookUrl(text: string): boolean {
  if (!/^https?:\/\/[^\s]+$/.test(text) || !URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

/** Parts with a colon between, as ledger programs read them; {customer_id} and its like stand for what a posting brings. */
function isAccount(text: string): boolean {
  const plain = text.replace(/\{(customer_id|product|tax_id|currency)\}/g, 'x');
  return text.length <= 200 && plain.split(':').every((part) => /^[\p{L}\p{N}][\p{L}\p{N}._/&+-]*( [\p{L}\p{N}._/&+-]+)*$/u.test(part));
}

/** The formats by name; `formatOf` in the shape refers to them. */
export const FORMATS = {
  'line': { expected: 'one line of text', test: (text) => /^[^\p{Cc}\u2028\u2029]*\S[^\p{Cc}\u2028\u2029]*$/u.test(text) },
  'name-id': {
    expected: 'letters, digits, ".", "_" and "-", beginning with a letter or digit, at most 64',
    pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$',
    test: (text) => /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text),
  },
  'customer-id': {
    expected: 'at most 128 characters, beginning with a letter or digit, without slashes, line breaks or doubled spaces',
    pattern: WORDS,
    test: (text) => text.length <= 128 && /^[\p{L}\p{N}][^/\\]*$/u.test(text) && new RegExp(WORDS, 'u').test(text),
  },
  'product-id': {
    expected: 'at most 128 characters without line breaks, odd or doubled spaces',
    pattern: WORDS,
    test: (text) => text.length <= 128 && new RegExp(WORDS, 'u').test(text),
  },
  'positive-decimal': {
    expected: 'a plain decimal above zero, like "10", with at most 12 digits before and 6 after the point',
    pattern: UNSIGNED,
    test: (text) => new RegExp(UNSIGNED).test(text) && (parseDecimal(text) ?? 0n) > 0n,
  },
  'exchange-rate': {
    expected: 'a plain decimal above zero, like "1.0870", with at most 8 digits before and 10 after the point',
    pattern: RATE,
    test: (text) => new RegExp(RATE).test(text) && parseDecimal(text, RATE_PLACES) !== 0n,
  },
  'month': { expected: 'a month, like 2026-01', pattern: MONTH, test: (text) => new RegExp(MONTH).test(text) },
  'anchor': {
    expected: 'cycle, calendar, anniversary, or a date that exists, like 2026-01-15',
    test: (text) => /^(cycle|calendar|anniversary)$/.test(text) || isDate(text),
  },
  'date': { expected: 'a date that exists, like 2026-05-01', test: isDate },
  'local-date-time': {
    expected: 'a date or a local time that exists, like 2026-05-01 or 2026-05-01T06:00',
    pattern: '^\\d{4}-\\d{2}-\\d{2}(T\\d{2}:\\d{2}(:\\d{2})?)?$',
    test: isLocalDateTime,
  },
  'time-of-day': { expected: 'a time of day like "22:00"', pattern: TIME, test: (text) => new RegExp(TIME).test(text) },
  'decimal': {
    expected: 'a plain decimal like "95.00", with at most 12 digits before and 6 after the point',
    pattern: DECIMAL,
    test: (text) => new RegExp(DECIMAL).test(text),
  },
  'unsigned-decimal': {
    expected: 'a plain decimal not below zero, like "50000.00", with at most 12 digits before and 6 after the point',
    pattern: UNSIGNED,
    test: (text) => new RegExp(UNSIGNED).test(text),
  },
  'percent': {
    expected: 'a decimal from "0" to "100" with at most 6 places',
    pattern: UNSIGNED,
    test: (text) => new RegExp(UNSIGNED).test(text) && (parseDecimal(text) ?? -1n) <= 100_000_000n,
  },
  'time-zone': { expected: 'an IANA time zone, like Europe/Berlin', test: isZone, code: 'CONFIG_TIMEZONE' },
  'currency': { expected: 'an ISO 4217 currency, like EUR', pattern: '^[A-Z]{3}$', test: isCurrency },
  'country': { expected: 'an ISO 3166 country of two letters, like DE', pattern: '^[A-Z]{2}$', test: (text) => /^[A-Z]{2}$/.test(text) },
  'email': { expected: 'a plain e-mail address, like billing@example.com', test: isEmail },
  'mailbox': {
    expected: 'an address or `Name <address>`, like Billing <billing@example.com>',
    test: (text) => parseMailbox(text) !== null,
  },
  'iban': { expected: 'an IBAN whose check digits fit', test: isIban },
  'address-code': {
    expected: 'a code of the list of electronic address schemes (EAS), like 9930 (German VAT number) or 0204 (Leitweg-ID)',
    pattern: '^\\d{4}$',
    test: (text) => ADDRESS_CODES.has(text),
  },
  'account': {
    expected: 'an account like "8400" or Income:Sales:{product}: letters, digits, single spaces and ._/&+- in parts with ":" between',
    test: isAccount,
  },
  'project-path': { expected: 'a path inside of the project, relative, with forward slashes, without ".."', test: isProjectPath },
  'image-path': {
    expected: 'a path inside of the project to a .png, .jpg, .jpeg or .svg',
    test: (text) => isProjectPath(text) && /\.(png|jpe?g|svg)$/i.test(text),
  },
  'path': { expected: 'a path', test: (text) => /^[^\p{C}]+$/u.test(text) },
  'smtp-url': { expected: 'a URL smtp://… or smtps://…', test: isSmtpUrl },
  'webhook-url': { expected: 'a URL https://… (http://… only on this machine itself)', test: isWebhookUrl },
} satisfies Record<string, Format> as Record<string, Format>;
