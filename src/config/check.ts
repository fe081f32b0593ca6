/** Checks the shape: ajv finds what is wrong, this file says it in plain words with place and remedy. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';

import type { Code, Diagnostic } from '../values/diagnostic.js';
import { problem } from '../values/diagnostic.js';
import { FORMATS, zoneNames } from './formats.js';
import type { Path } from './positions.js';
import { configSchema } from './schema.js';
import type { Written } from './sources.js';
import { isMap } from './sources.js';
import { didYouMean, nearest } from './suggest.js';

/** Keys of later versions: refused, never ignored, with words that say so. */
const LATER: Readonly<Record<string, string>> = {
  dunning: 'dunning', reminders: 'reminders',
};

type Schema = Readonly<Record<string, unknown>>;

/** One finding of ajv with what it is about. ajv could add these itself, but takes half as long again to compile then. */
interface Finding {
  readonly error: ErrorObject;
  readonly path: Path;
  readonly data: unknown;
  /** What the schema says about it, in the branch of its type. */
  readonly schema: Schema;
  /** A number would do as well as the words of the branch. */
  readonly orNumber: boolean;
}

/** The validator that was compiled last, with the keys it knows. */
let compiled: { readonly keys: ReadonlySet<string>; readonly validate: ValidateFunction; readonly schema: Schema } | null = null;

/**
 * Only for the keys that are written: compiling takes longer than checking, and few projects use all of them. Who checks several
 * configurations gets one validator for the keys of all, for it finds the same as one for fewer keys.
 */
function compiledFor(value: unknown): { validate: ValidateFunction; schema: Schema } {
  const before = compiled;
  const schema = before?.schema ?? configSchema();
  const needed = schema['required'] as readonly string[];
  const isUsed = (key: string): boolean => needed.includes(key) || (isMap(value) && Object.hasOwn(value, key));
  const all = Object.entries(schema['properties'] as Schema);
  if (before !== null && all.every(([key]) => before.keys.has(key) || !isUsed(key))) return before;
  const properties = all.filter(([key]) => isUsed(key) || before?.keys.has(key) === true);
  const ajv = new Ajv2020({ strict: true, allErrors: true, code: { optimize: false } }); // it is compiled once and run once
  for (const [name, format] of Object.entries(FORMATS)) ajv.addFormat(name, format.test);
  const validate = ajv.compile({ ...schema, properties: Object.fromEntries(properties) });
  compiled = { keys: new Set(properties.map(([key]) => key)), validate, schema };
  return compiled;
}

function resolved(top: Schema, schema: Schema): Schema {
  const reference = schema['$ref'] as string | undefined;
  return reference === undefined ? schema : (top['$defs'] as Readonly<Record<string, Schema>>)[reference.slice('#/$defs/'.length)]!;
}

/** The branch of an `anyOf` for the type of a value; the schema itself if it has none; null if no branch takes that type. */
function branchFor(top: Schema, schema: Schema, data: unknown): Schema | null {
  const branches = schema['anyOf'] as Schema[] | undefined;
  if (branches === undefined) return schema;
  const type = data === null ? 'null' : Array.isArray(data) ? 'array' : Number.isInteger(data) ? 'integer' : typeof data;
  return branches.map((branch) => resolved(top, branch)).find((branch) => branch['type'] === type) ?? null;
}

/** What the schema says about the value at a path. (ajv's own `schemaPath` begins anew in every referenced schema.) */
function schemaAt(top: Schema, path: Path, value: unknown): Schema {
  let [schema, data] = [top, value];
  for (const step of path) {
    const branch = branchFor(top, schema, data) ?? schema;
    const properties = branch['properties'] as Readonly<Record<string, Schema>> | undefined;
    schema = resolved(top, (typeof step === 'number' ? branch['items'] : properties?.[step] ?? branch['additionalProperties']) as Schema);
    data = (data as Readonly<Record<string | number, unknown>>)[step];
  }
  return schema;
}

function takesNumbers(schema: Schema): boolean {
  return (schema['anyOf'] as Schema[] | undefined)?.some((branch) => branch['type'] === 'integer') === true;
}

/** Pushes a diagnostic per problem; returns the paths of the values that are wrong, so that the rules can leave them alone. */
export function checkShape(value: unknown, written: Written, found: Diagnostic[]): Path[] {
  const { validate, schema: top } = compiledFor(value);
  if (validate(value)) return [];
  const broken: Path[] = [];
  for (const error of validate.errors ?? []) {
    const { path, data } = pathOf(error.instancePath, value);
    const schema = schemaAt(top, path, value);
    const branch = branchFor(top, schema, data);
    if (isNoise(error, schema, branch)) continue;
    found.push(say({ error, path, data, schema: branch ?? schema, orNumber: takesNumbers(schema) }, written));
    if (error.keyword === 'propertyNames') broken.push([...path, (error.params as { propertyName: string }).propertyName]);
    else if (error.keyword !== 'additionalProperties') broken.push(path);
  }
  return broken;
}

/**
 * What another finding says better: a pattern beside its format, an id beside its map, and of an `anyOf` everything but the branch of
 * the value's own type. A list that is wrong in its third entry is not told that it could have been a text.
 */
function isNoise(error: ErrorObject, schema: Schema, branch: Schema | null): boolean {
  if (error.propertyName !== undefined || (error.keyword === 'pattern' && branch?.['format'] !== undefined)) return true;
  if (schema['anyOf'] === undefined) return false;
  if (branch === null) return error.keyword !== 'anyOf';
  return error.keyword === 'type' || !Object.hasOwn(branch, error.keyword);
}

/** A JSON pointer as a path, with numbers where the value is a list, and what stands there. */
function pathOf(pointer: string, top: unknown): { path: Path; data: unknown } {
  const path: (string | number)[] = [];
  let value = top;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    path.push(Array.isArray(value) ? Number(key) : key);
    value = (value as Record<string, unknown>)[key];
  }
  return { path, data: value };
}

/** customers.acme.email, bookings[0].path */
export function pathText(path: Path): string {
  return path.reduce<string>((text, step) => (typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`), '');
}

/** How a value stands in the file: never what an environment variable put in its place. */
export function shown(path: Path, value: unknown, written: Written): string {
  const source = written.written(path);
  if (source !== null) return source.length > 60 ? `${source.slice(0, 60)}…` : source;
  return value === null || value === undefined ? 'nothing' : Array.isArray(value) ? 'a list' : isMap(value) ? 'a map' : 'this';
}

function say(finding: Finding, written: Written): Diagnostic {
  const { error, path, data, schema, orNumber } = finding;
  const params = error.params as Record<string, string & number>;
  const name = path.length === 0 ? 'the configuration' : pathText(path);
  const at = written.place(path);
  const because = (hint: string): Diagnostic => problem(codeOf(path), `${name} is ${shown(path, data, written)}`, { at, hint });
  switch (error.keyword) {
    case 'additionalProperties':
      return sayUnknownKey(schema, [...path, params['additionalProperty']!], written);
    case 'required':
      return problem('CONFIG_MISSING_KEY', `${path.length === 0 ? '' : `${name}: `}the key "${params['missingProperty']}" is missing`, {
        at: path.length === 0 ? { file: at.file } : written.keyPlace(path), ...described(schema, params['missingProperty']!),
      });
    case 'propertyNames': {
      const { expected } = FORMATS[(schema['propertyNames'] as { format: string }).format]!;
      const key = params['propertyName']!;
      return problem('CONFIG_VALUE', `"${key}" cannot be an id in ${name}`, {
        at: written.keyPlace([...path, key]), hint: `use ${expected}`,
      });
    }
    case 'format':
      return sayFormat(finding, written);
    case 'type': case 'anyOf':
      return sayType(finding, written);
    case 'enum': {
      const words = schema['enum'] as string[];
      if (typeof data === 'string' && /^\d+$/.test(data)) return because('write it as a whole number, without quotes');
      const near = typeof data === 'string' ? nearest(data, words) : null;
      if (orNumber) return because(`use ${words.join(', ')}, or a whole number`);
      return because(near === null ? `use one of: ${words.join(', ')}` : `did you mean ${near}? (one of: ${words.join(', ')})`);
    }
    case 'const':
      return because(`the only value is ${JSON.stringify(params['allowedValue'])}`);
    case 'minimum': case 'maximum':
      return because(`it must be ${params['comparison']} ${params['limit']}`);
    case 'minItems':
      return problem(codeOf(path), `${name} is an empty list`, { at, hint: 'add an entry, or leave the key out' });
    case 'minProperties': {
      const known = Object.keys(schema['properties'] ?? {}).join(', ');
      return problem(codeOf(path), `${name} is an empty map`, { at, hint: `give it one of: ${known}` });
    }
    case 'minLength':
      return because(`it must have ${characters('at least', params['limit']!)}`);
    case 'maxLength':
      return because(`it must have ${characters('at most', params['limit']!)}`);
    default:
      return problem('CONFIG_VALUE', `${name}: ${error.message ?? 'is not valid'}`, { at });
  }
}

function characters(bound: string, limit: number): string {
  return `${bound} ${limit} character${limit === 1 ? '' : 's'}`;
}

/** What is wrong inside of a cycle is a matter of the cycle. */
function codeOf(path: Path): Code {
  return path[0] === 'cycles' && path.length > 1 && path[2] !== 'automation' && path[2] !== 'timezone' ? 'CONFIG_CYCLE' : 'CONFIG_VALUE';
}

function sayUnknownKey(schema: Schema, path: Path, written: Written): Diagnostic {
  const key = String(path.at(-1));
  const at = written.keyPlace(path);
  const inside = path.length === 1 ? '' : ` in ${pathText(path.slice(0, -1))}`;
  if (Object.hasOwn(LATER, key)) {
    return problem('CONFIG_UNKNOWN_KEY', `this version does not know the key "${key}"${inside}: it does not bill ${LATER[key]} yet`, {
      at, hint: 'remove the key; nothing of it would be billed',
    });
  }
  const known = Object.keys(schema['properties'] ?? {});
  const hint = didYouMean(key, known);
  return problem('CONFIG_UNKNOWN_KEY', `the key "${key}" is not known${inside}`, hint === null ? { at } : { at, hint });
}

function sayFormat({ path, data, schema }: Finding, written: Written): Diagnostic {
  const format = schema['format'] as string;
  const { expected, code } = FORMATS[format]!;
  const value = shown(path, data, written);
  const near = format === 'time-zone' ? nearestZone(value.replace(/^["']|["']$/g, '')) : null;
  return problem(code ?? codeOf(path), `${pathText(path)} is ${value}`, {
    at: written.place(path), hint: near === null ? `it must be ${expected}` : `did you mean ${near}?`,
  });
}

function nearestZone(word: string): string | null {
  const zones = zoneNames();
  const exact = zones.get(word.toLowerCase());
  return exact ?? nearest(word, zones.values());
}

function sayType({ path, data, schema }: Finding, written: Written): Diagnostic {
  const branches = schema['anyOf'] as { type?: string; enum?: string[] }[] | undefined;
  const wanted = (branches?.flatMap((branch) => branch.enum ?? branch.type ?? 'object') ?? [schema['type'] as string]);
  const value = shown(path, data, written);
  const name = path.length === 0 ? 'the configuration' : pathText(path);
  const because = (message: string, hint: string): Diagnostic => problem(codeOf(path), message, { at: written.place(path), hint });
  if (data === null) return because(`${name} is empty`, `give it a value (${words(wanted)}), or remove the key`);
  if (wanted.includes('string') && (typeof data === 'number' || typeof data === 'boolean')) {
    return because(`${name} is ${value}`, `put it in quotes: "${value}"`);
  }
  if (typeof data === 'string' && wanted.includes('integer') && /^["']?\d+["']?$/.test(value)) {
    return because(`${name} is ${value}`, 'write it as a whole number, without quotes');
  }
  return because(`${name} is ${value}`, `it must be ${words(wanted)}`);
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'a text', array: 'a list', object: 'a map', integer: 'a whole number', boolean: 'true or false', null: 'null',
};

function words(types: readonly string[]): string {
  return types.map((type) => TYPE_WORDS[type] ?? type).join(' or ');
}

function described(schema: Schema, key: string): { hint?: string } {
  const properties = schema['properties'] as Record<string, { description?: string }> | undefined;
  const description = properties?.[key]?.description;
  return description === undefined ? {} : { hint: `add it. ${description}` };
}
