/**
 * Reading YAML. Valid text is read by js-yaml, which is ten times faster and whose events carry the offsets that places are
 * computed from. Text in which anything is wrong or unusual is read a second time by `yaml`, which finds every problem and says
 * where. Only plain YAML 1.2 is taken: no anchors, aliases, tags, directives or second documents, so that a reader of the file
 * sees what the program sees.
 */
import { CORE_SCHEMA, EVENT_ID, SCALAR_STYLE, constructFromEvents, parseEvents } from 'js-yaml';
import type { Event, ScalarEvent } from 'js-yaml';

import type { Diagnostic } from '../values/diagnostic.js';
import { problem } from '../values/diagnostic.js';
import { MAX_DEPTH, RESERVED_KEYS, isWrittenAsRead } from './yaml-keys.js';

/** The value of a YAML text, or what is wrong with it. An empty text is null. */
export async function readYaml(file: string, text: string): Promise<{ value: unknown; problems: Diagnostic[] }> {
  let refusal: unknown = null;
  try {
    const events = eventsOf(text);
    if (isPlain(events, text)) return { value: valueOf(events, text), problems: [] };
  } catch (error) {
    refusal = error;
  }
  const problems = await explain(file, text);
  if (problems.length > 0) return { value: null, problems };
  try {
    if (refusal === null) return { value: valueOf(eventsOf(text), text), problems: [] };
  } catch (error) {
    refusal = error;
  }
  return { value: null, problems: [asProblem(file, refusal)] };
}

/** The second parser is loaded only when something is wrong: nearly always it is not. */
async function explain(file: string, text: string): Promise<Diagnostic[]> {
  const { explainYaml } = await import('./yaml-explain.js');
  return explainYaml(file, text);
}

function valueOf(events: Event[], text: string): unknown {
  return constructFromEvents(events, { source: text, schema: CORE_SCHEMA, maxAliases: 0 })[0] ?? null;
}

/** The events of a text that was read before. */
export function eventsOf(text: string): Event[] {
  return parseEvents(text, { maxDepth: MAX_DEPTH });
}

function asProblem(file: string, error: unknown): Diagnostic {
  const { reason, mark } = error as { reason?: string; mark?: { line: number; column: number } };
  const at = mark === undefined ? { file } : { file, line: mark.line + 1, column: mark.column + 1 };
  return problem('CONFIG_SYNTAX', `not valid YAML: ${reason ?? 'it cannot be read'}`, {
    at, hint: reason === 'deficient indentation' ? 'indent the line; a closing bracket too needs at least one space'
      : 'check indentation, quotes and brackets in this line and the one above',
  });
}

/**
 * Whether nothing in the text needs a second look; a false alarm costs time only. A key that is not written as the text it becomes
 * (`00123`, `1e3`, `~`) is never what was meant.
 */
function isPlain(events: readonly Event[], text: string): boolean {
  if (/^ *\t|^\.\.\.|\uFEFF/m.test(text)) return false;
  for (const reserved of RESERVED_KEYS) if (text.includes(reserved)) return false;
  const good = new Set<string>();
  const isGoodKey = (key: ScalarEvent): boolean => {
    if (!key.fast) return false;
    const written = text.slice(key.valueStart, key.valueEnd);
    if (good.has(written)) return true;
    if (key.style === SCALAR_STYLE.PLAIN && (written === '<<' || !isWrittenAsRead(written))) return false;
    if (/[^\P{Z} ]/u.test(written)) return false;
    if (key.style === SCALAR_STYLE.PLAIN) good.add(written);
    return true;
  };
  // One entry per open collection: whether the next node is a key; null in a sequence.
  const open: (boolean | null)[] = [];
  let documents = 0;
  for (const event of events) {
    if (event.type === EVENT_ID.POP) {
      open.pop();
      continue;
    }
    if (event.type === EVENT_ID.ALIAS) return false;
    if (event.type === EVENT_ID.DOCUMENT) {
      documents += 1;
      if (documents > 1 || event.directives.length > 0) return false;
      continue;
    }
    if (event.tagStart >= 0 || event.anchorStart >= 0) return false;
    const expectsKey = open.at(-1);
    if (expectsKey === true && (event.type !== EVENT_ID.SCALAR || !isGoodKey(event))) return false;
    if (typeof expectsKey === 'boolean') open[open.length - 1] = !expectsKey;
    if (event.type === EVENT_ID.MAPPING) open.push(true);
    if (event.type === EVENT_ID.SEQUENCE) open.push(null);
  }
  return true;
}
