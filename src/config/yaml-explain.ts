/** Everything that is wrong with a YAML text, with places, by the slower parser `yaml`. */
import { LineCounter, isAlias, isScalar, parseAllDocuments, visit } from 'yaml';
import type { Document, Node, Pair, YAMLError } from 'yaml';

import type { Diagnostic, Place } from '../values/diagnostic.js';
import { problem, sortDiagnostics } from '../values/diagnostic.js';
import { MAX_DEPTH, RESERVED_KEYS, isWrittenAsRead } from './yaml-keys.js';

/** Nothing for a text that is plain YAML after all. */
export function explainYaml(file: string, text: string): Diagnostic[] {
  const lines = new LineCounter();
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(Math.min(Math.max(offset, 0), text.length));
    return { file, line, column: col };
  };
  const documents = parseAllDocuments(text, {
    lineCounter: lines, version: '1.2', schema: 'core', prettyErrors: false, strict: true, uniqueKeys: false, logLevel: 'error',
  });
  if (!Array.isArray(documents)) return [];
  const found: Diagnostic[] = [];
  const second = documents[1];
  if (second !== undefined) {
    found.push(problem('CONFIG_SYNTAX', 'a second document begins here', {
      at: at(second.range[0]), hint: 'one file holds one document: remove the line `---`, or put the rest into a file of its own',
    }));
  }
  for (const document of documents) found.push(...ofDocument(document, text, at));
  for (let mark = text.indexOf('\uFEFF'); mark >= 0; mark = text.indexOf('\uFEFF', mark + 1)) {
    found.push(problem('CONFIG_SYNTAX', 'an invisible sign (U+FEFF) stands here', {
      at: at(mark), hint: 'delete it and type the place again',
    }));
  }
  return sortDiagnostics(found);
}

function ofDocument(document: Document<Node, true>, text: string, at: (offset: number) => Place): Diagnostic[] {
  const found = [...document.errors, ...document.warnings]
    .filter((error) => error.code !== 'TAG_RESOLVE_FAILED' && error.code !== 'DUPLICATE_KEY')
    .map((error) => syntaxProblem(error, at));
  const { directives } = document as { directives?: { yaml: { explicit?: boolean }; tags: Record<string, string> } };
  if (directives?.yaml.explicit === true || Object.keys(directives?.tags ?? {}).length > 1) {
    found.push(problem('CONFIG_SYNTAX', 'directives (lines that begin with %) are not supported', { at: at(0), hint: 'remove the line' }));
  }
  visit(document, {
    Node: (_key, node, path) => {
      const offset = node.range?.[0] ?? 0;
      if (path.length > MAX_DEPTH * 2) {
        found.push(problem('CONFIG_SYNTAX', `nested deeper than ${MAX_DEPTH}`, {
          at: at(offset), hint: 'no part of the configuration is so deep',
        }));
        return visit.BREAK;
      }
      found.push(...ofNode(node, at(offset)));
      return undefined;
    },
    Map: (_key, map) => void found.push(...ofKeys(map.items as Pair<Node, Node>[], text, at)),
  });
  return found;
}

const HINTS: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'indent with spaces',
  BAD_SCALAR_START: 'put the text in quotes',
  BAD_DQ_ESCAPE: "write \\\\ for a backslash, or use single quotes",
  MULTILINE_IMPLICIT_KEY: 'close the quotes or brackets of the line above, or begin the key in a line of its own',
  BLOCK_AS_IMPLICIT_KEY: 'a text that holds ": " needs quotes',
};

function syntaxProblem(error: YAMLError, at: (offset: number) => Place): Diagnostic {
  const message = error.message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, '');
  return problem('CONFIG_SYNTAX', `not valid YAML: ${message}`, {
    at: at(error.pos[0]), hint: HINTS[error.code] ?? 'check indentation, quotes and brackets in this line and the one above',
  });
}

function ofNode(node: Node, place: Place): Diagnostic[] {
  if (isAlias(node)) {
    return [problem('CONFIG_SYNTAX', `the alias *${node.source} is not supported`, { at: place, hint: 'write the value out' })];
  }
  const found: Diagnostic[] = [];
  if (node.anchor !== undefined) {
    found.push(problem('CONFIG_SYNTAX', `the anchor &${node.anchor} is not supported`, {
      at: place, hint: 'write the value out where it is needed',
    }));
  }
  // `yaml` sets the tag only where the text carries one.
  if (node.tag !== undefined) {
    found.push(problem('CONFIG_SYNTAX', 'tags (words that begin with !) are not supported', {
      at: place, hint: 'remove it; put texts in quotes',
    }));
  }
  return found;
}

function ofKeys(pairs: readonly Pair<Node, Node>[], text: string, at: (offset: number) => Place): Diagnostic[] {
  const found: Diagnostic[] = [];
  const seen = new Map<string, Place>();
  for (const { key } of pairs) {
    const place = at(key?.range?.[0] ?? 0);
    if (!isScalar(key)) {
      found.push(problem('CONFIG_SYNTAX', 'a key must be a plain text', {
        at: place, hint: 'write a text in its place, in quotes if needed',
      }));
      continue;
    }
    const range = key.range;
    const written = range == null ? '' : text.slice(range[0], range[1]);
    const name = key.type === 'PLAIN' || key.value === null ? written : String(key.value);
    const earlier = seen.get(name);
    if (earlier !== undefined) {
      found.push(problem('CONFIG_DUPLICATE_KEY', `the key "${name}" is defined twice`, {
        at: place, also: earlier, hint: 'keep one of them',
      }));
    } else {
      seen.set(name, place);
    }
    found.push(...ofKey(name, key.type === 'PLAIN' || key.value === null, place));
  }
  return found;
}

function ofKey(name: string, isUnquoted: boolean, at: Place): Diagnostic[] {
  if (RESERVED_KEYS.has(name)) return [problem('CONFIG_SYNTAX', `the key "${name}" is reserved`, { at, hint: 'choose another name' })];
  if (isUnquoted && name === '<<') {
    return [problem('CONFIG_SYNTAX', 'merge keys (<<) are not supported', { at, hint: 'write the keys out' })];
  }
  if (/[^\P{Z} ]/u.test(name)) {
    return [problem('CONFIG_SYNTAX', 'the key contains a space that is not a plain one', { at, hint: 'type the space again' })];
  }
  if (isUnquoted && !isWrittenAsRead(name)) {
    return [problem('CONFIG_VALUE', `the key ${name === '' ? 'is empty' : `${name} would be read as a number or a constant`}`, {
      at, hint: name === '' ? 'name it' : `put it in quotes: "${name}"`,
    })];
  }
  return [];
}
