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
import { explainYaml } from './yaml-explain.js';
import { MAX_DEPTH, isWrittenAsRead } from './yaml-keys.js';

/** The value of a YAML text, or what is wrong with it. An empty text is null. */
export function readYaml(file: string, text: string): { value: unknown; problems: Diagnostic[] } {
  try {
    const events = parseEvents(text, { maxDepth: MAX_DEPTH });
    if (isPlain(events, text)) return { value: valueOf(events, text), problems: [] };
  } catch (error) {
    const problems = explainYaml(file, text);
    return { value: null, problems: problems.length > 0 ? problems : [asProblem(file, error)] };
  }
  const problems = explainYaml(file, text);
  if (problems.length > 0) return { value: null, problems };
  return { value: valueOf(parseEvents(text, { maxDepth: MAX_DEPTH }), text), problems: [] };
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
  return problem('CONFIG_SYNTAX', `not valid YAML: ${reason ?? 'it cannot be read'}`, { at });
}

/** Whether nothing in the text needs a second look; a false alarm costs time only. */
function isPlain(events: readonly Event[], text: string): boolean {
  if (/^ *\t/m.test(text) || text.includes('__proto__') || text.includes('prototype') || text.includes('constructor')) return false;
  let documents = 0;
  for (const event of events) {
    if (event.type === EVENT_ID.ALIAS) return false;
    if (event.type === EVENT_ID.DOCUMENT) {
      documents += 1;
      if (documents > 1 || event.directives.length > 0) return false;
    } else if (event.type !== EVENT_ID.POP && (event.tagStart >= 0 || event.anchorStart >= 0)) {
      return false;
    }
  }
  return keysArePlain(events, text);
}

/** A key that is not written as the text it becomes (`00123`, `1e3`, `~`) is never what was meant. */
function keysArePlain(events: readonly Event[], text: string): boolean {
  let plain = true;
  walkKeys(events, (key) => {
    const written = key.valueStart < 0 ? '' : text.slice(key.valueStart, key.valueEnd);
    if (key.style === SCALAR_STYLE.PLAIN && (written === '<<' || !isWrittenAsRead(written))) plain = false;
    if (!key.fast || /[^\P{Z} ]/u.test(written)) plain = false;
  });
  return plain;
}

/** Calls `visit` with every scalar that is a key of a mapping. */
function walkKeys(events: readonly Event[], visit: (key: ScalarEvent) => void): void {
  // One entry per open collection: whether the next node is a key; null in a sequence.
  const open: (boolean | null)[] = [];
  for (const event of events) {
    if (event.type === EVENT_ID.DOCUMENT) continue;
    if (event.type === EVENT_ID.POP) {
      open.pop();
      continue;
    }
    const expectsKey = open.at(-1);
    if (expectsKey === true && event.type === EVENT_ID.SCALAR) visit(event);
    if (typeof expectsKey === 'boolean') open[open.length - 1] = !expectsKey;
    if (event.type === EVENT_ID.MAPPING) open.push(true);
    if (event.type === EVENT_ID.SEQUENCE) open.push(null);
  }
}
