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
  agreements: 'agreements (recurring charges, tiers, minimums, discounts)',
  charges: 'recurring charges', minimum: 'minimums', discounts: 'discounts', deposits: 'deposits',
  changed_bookings: 'adjustments for bookings that change after they were billed',
  repeat_bookings: 'repeat bookings', dunning: 'dunning', reminders: 'reminders',
};

let validator: ValidateFunction | undefined;

function compiled(): ValidateFunction {
  if (validator !== undefined) return validator;
  const ajv = new Ajv2020({ strict: true, allErrors: true, verbose: true, allowUnionTypes: true });
  for (const [name, format] of Object.entries(FORMATS)) ajv.addFormat(name, format.test);
  validator = ajv.compile(configSchema());
  return validator;
}

/** Pushes a diagnostic per problem; returns the paths of the values that are wrong, so that the rules can leave them alone. */
export function checkShape(value: unknown, written: Written, found: Diagnostic[]): Path[] {
  const validate = compiled();
  if (validate(value)) return [];
  const errors = [...(validate.errors ?? [])];
  const hidden = chosenBranches(errors);
  const broken: Path[] = [];
  for (const error of errors) {
    if (hidden.has(error) || error.propertyName !== undefined || (error.keyword === 'pattern' && hasFormat(error))) continue;
    const path = pathOf(error.instancePath, value);
    const diagnostic = say(error, path, written);
    if (diagnostic === null) continue;
    found.push(diagnostic);
    if (error.keyword === 'propertyNames') broken.push([...path, (error.params as { propertyName: string }).propertyName]);
    else if (error.keyword !== 'additionalProperties') broken.push(path);
  }
  return broken;
}

function hasFormat(error: ErrorObject): boolean {
  return (error.parentSchema as { format?: string } | undefined)?.format !== undefined;
}

/**
 * Of a failed `anyOf` only the branch of the value's own type is worth telling: a list that is wrong in its third entry is not told
 * that it could have been a text. Returns the errors to leave out.
 */
function chosenBranches(errors: readonly ErrorObject[]): Set<ErrorObject> {
  const hidden = new Set<ErrorObject>();
  // ajv reports the branches of an anyOf right before the anyOf itself.
  errors.forEach((either, index) => {
    if (either.keyword !== 'anyOf') return;
    const prefix = `${either.schemaPath}/`;
    const inside: ErrorObject[] = [];
    for (let i = index - 1; i >= 0; i -= 1) {
      const error = errors[i]!;
      if (!error.schemaPath.startsWith(prefix) || !error.instancePath.startsWith(either.instancePath)) break;
      inside.push(error);
    }
    const branchOf = (error: ErrorObject): string => error.schemaPath.slice(prefix.length).split('/')[0]!;
    const wrongType = new Set(inside.filter((e) => e.keyword === 'type' && e.instancePath === either.instancePath).map(branchOf));
    const told = inside.filter((error) => !wrongType.has(branchOf(error)));
    for (const error of told.length > 0 ? [either, ...inside.filter((e) => !told.includes(e))] : inside) hidden.add(error);
  });
  return hidden;
}

/** A JSON pointer as a path, with numbers where the value is a list. */
function pathOf(pointer: string, top: unknown): Path {
  const path: (string | number)[] = [];
  let value = top;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    path.push(Array.isArray(value) ? Number(key) : key);
    value = (value as Record<string, unknown>)[key];
  }
  return path;
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

function say(error: ErrorObject, path: Path, written: Written): Diagnostic | null {
  const params = error.params as Record<string, string & number>;
  const name = path.length === 0 ? 'the configuration' : pathText(path);
  const at = written.place(path);
  const is = (): string => shown(path, error.data, written);
  switch (error.keyword) {
    case 'additionalProperties':
      return sayUnknownKey(error, [...path, params['additionalProperty']!], written);
    case 'required':
      return problem('CONFIG_MISSING_KEY', `${path.length === 0 ? '' : `${name}: `}the key "${params['missingProperty']}" is missing`, {
        at: path.length === 0 ? { file: at.file } : written.keyPlace(path), ...described(error, params['missingProperty']!),
      });
    case 'propertyNames': {
      const expected = FORMATS[(error.schema as { format: string }).format]!.expected;
      const key = params['propertyName']!;
      return problem('CONFIG_VALUE', `"${key}" cannot be an id in ${name}`, { at: written.keyPlace([...path, key]), hint: `use ${expected}` });
    }
    case 'format':
      return sayFormat(error, path, written);
    case 'type': case 'anyOf':
      return sayType(error, path, written);
    case 'enum': {
      const words = (error.schema as string[]);
      const near = typeof error.data === 'string' ? nearest(error.data, words) : null;
      return problem(codeOf(path), `${name} is ${is()}`, {
        at, hint: near === null ? `use one of: ${words.join(', ')}` : `did you mean ${near}? (one of: ${words.join(', ')})`,
      });
    }
    case 'const':
      return problem('CONFIG_VALUE', `${name} is ${is()}`, { at, hint: `the only value is ${JSON.stringify(params['allowedValue'])}` });
    case 'minimum': case 'maximum':
      return problem(codeOf(path), `${name} is ${is()}`, { at, hint: `it must be ${params['comparison']} ${params['limit']}` });
    case 'minItems':
      return problem(codeOf(path), `${name} is an empty list`, { at, hint: 'add an entry, or leave the key out' });
    case 'minLength': case 'maxLength':
      return problem('CONFIG_VALUE', `${name} is ${is()}`, {
        at, hint: `it must have ${error.keyword === 'minLength' ? 'at least' : 'at most'} ${params['limit']} character${Number(params['limit']) === 1 ? '' : 's'}`,
      });
    case 'if':
      return null;
    default:
      return problem('CONFIG_VALUE', `${name}: ${error.message ?? 'is not valid'}`, { at });
  }
}

/** What is wrong inside of a cycle is a matter of the cycle. */
function codeOf(path: Path): Code {
  return path[0] === 'cycles' && path[2] !== 'automation' && path[2] !== 'timezone' ? 'CONFIG_CYCLE' : 'CONFIG_VALUE';
}

function sayUnknownKey(error: ErrorObject, path: Path, written: Written): Diagnostic {
  const key = String(path.at(-1));
  const at = written.keyPlace(path);
  const inside = path.length === 1 ? '' : ` in ${pathText(path.slice(0, -1))}`;
  if (Object.hasOwn(LATER, key)) {
    return problem('CONFIG_UNKNOWN_KEY', `this version does not know the key "${key}"${inside}: it does not bill ${LATER[key]} yet`, {
      at, hint: 'remove the key; nothing of it would be billed',
    });
  }
  const known = Object.keys((error.parentSchema as { properties?: object }).properties ?? {});
  const hint = didYouMean(key, known);
  return problem('CONFIG_UNKNOWN_KEY', `the key "${key}" is not known${inside}`, hint === null ? { at } : { at, hint });
}

function sayFormat(error: ErrorObject, path: Path, written: Written): Diagnostic {
  const format = (error.params as { format: string }).format;
  const { expected, code } = FORMATS[format]!;
  const value = shown(path, error.data, written);
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

function sayType(error: ErrorObject, path: Path, written: Written): Diagnostic {
  const parent = error.parentSchema as { description?: string; format?: string; type?: string; anyOf?: { type: string }[] };
  const wanted = error.keyword === 'anyOf' ? parent.anyOf!.map((branch) => branch.type) : [parent.type!];
  const value = shown(path, error.data, written);
  const message = `${path.length === 0 ? 'the configuration' : pathText(path)} is ${value}`;
  const at = written.place(path);
  if (wanted.includes('string') && (typeof error.data === 'number' || typeof error.data === 'boolean')) {
    return problem(codeOf(path), message, { at, hint: `put it in quotes: "${value}"` });
  }
  if (error.data === null && wanted.length > 0) {
    return problem(codeOf(path), `${pathText(path)} is empty`, { at, hint: `give it a value (${words(wanted)}), or remove the key` });
  }
  if (typeof error.data === 'string' && wanted.includes('integer') && written.written(path)?.includes('${') !== true) {
    return problem(codeOf(path), message, { at, hint: 'write it as a whole number, without quotes' });
  }
  return problem(codeOf(path), message, { at, hint: `it must be ${words(wanted)}` });
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'a text', array: 'a list', object: 'a map', integer: 'a whole number', boolean: 'true or false', null: 'null',
};

function words(types: readonly string[]): string {
  return types.map((type) => TYPE_WORDS[type] ?? type).join(' or ');
}

function described(error: ErrorObject, key: string): { hint?: string } {
  const properties = (error.parentSchema as { properties?: Record<string, { description?: string }> }).properties;
  const description = properties?.[key]?.description;
  return description === undefined ? {} : { hint: `add it. ${description}` };
}
