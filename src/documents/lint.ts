/**
 * What a template may not do, found before anything is rendered: switch escaping off, pull in other files, run script, or put a value
 * where escaping for HTML does not protect (unquoted attributes, style, links).
 */
import { problem } from '../values/diagnostic.js';
import type { Diagnostic } from '../values/diagnostic.js';
import type { TemplateFile } from '../world/template-files.js';

/** What kind of text a template makes. */
export type TemplateKind = 'html' | 'mjml' | 'text';

/** The part of the Handlebars syntax tree that is looked at. */
export interface HbsNode {
  readonly type: string;
  readonly loc?: { readonly start: { readonly line: number; readonly column: number } };
  readonly escaped?: boolean;
  readonly path?: HbsNode;
  readonly original?: unknown;
  readonly params?: readonly HbsNode[];
  readonly hash?: { readonly pairs: readonly { readonly value: HbsNode }[] };
  readonly body?: readonly HbsNode[];
  readonly program?: HbsNode;
  readonly inverse?: HbsNode;
}

/** The helpers a template may use. */
export const HELPERS: readonly string[] = ['if', 'unless', 'each', 'with', 'lookup'];
/** Values that are safe in a link or an image: we make them ourselves, see `batch.ts` and `templates.ts`. */
const LINK_VALUES = new Set(['logo', '../logo', '@root.logo', 'href']);
/** Values that are safe inside a style sheet: one of two fixed words. */
const STYLE_VALUES = new Set(['paper']);

/** Problems of the syntax tree: raw output, partials, decorators, unknown helpers. */
export function lintTree(tree: HbsNode, file: string): Diagnostic[] {
  const found: Diagnostic[] = [];
  const say = (node: HbsNode, message: string, hint: string): void => {
    found.push(problem('CONFIG_TEMPLATE', message, { at: at(file, node), hint }));
  };
  const visit = (node: HbsNode | undefined): void => {
    if (node === undefined || node === null) return;
    if (node.type === 'MustacheStatement' && node.escaped === false) {
      say(node, 'a value is put in without escaping', 'write {{name}} with two braces; {{{name}}} and {{&name}} are not allowed');
    }
    if (/^(Partial|Decorator)/.test(node.type)) {
      say(node, 'partials and decorators are not allowed', 'write the text into this file');
    }
    const arguments_ = [...(node.params ?? []), ...(node.hash?.pairs.map((pair) => pair.value) ?? [])];
    const called = ['BlockStatement', 'SubExpression'].includes(node.type) || (node.type === 'MustacheStatement' && arguments_.length > 0);
    if (called && node.path !== undefined && !HELPERS.includes(String(node.path.original))) {
      say(node, `unknown helper "${String(node.path.original)}"`, `the helpers are ${HELPERS.join(', ')}`);
    }
    for (const child of [...arguments_, ...(node.body ?? []), node.program, node.inverse]) visit(child);
  };
  visit(tree);
  return found;
}

/** Problems of the text: script, includes, values in places where escaping does not help. */
export function lintText({ file, text }: TemplateFile, kind: TemplateKind): Diagnostic[] {
  if (kind === 'text') return [];
  const found: Diagnostic[] = [];
  const say = (index: number, message: string, hint: string): void => {
    found.push(problem('CONFIG_TEMPLATE', message, { at: { file, line: lineAt(text, index) }, hint }));
  };
  const each = (pattern: RegExp, act: (match: RegExpMatchArray) => void): void => {
    for (const match of text.matchAll(pattern)) act(match);
  };
  each(/<(script|iframe|object|embed|form|base|mj-include)\b/gi, (m) => {
    say(m.index!, `<${m[1]!.toLowerCase()}> is not allowed in a template`, 'take it out');
  });
  each(/\son[a-z]+\s*=/gi, (m) => say(m.index!, 'event attributes are not allowed in a template', 'take it out'));
  each(/javascript:|vbscript:|data:text/gi, (m) => say(m.index!, `"${m[0]}" is not allowed in a template`, 'take it out'));
  each(/=\s*\{\{/g, (m) => say(m.index!, 'a value stands in an attribute without quotes', 'write attribute="{{name}}"'));
  each(/\b(href|src|srcset|action|formaction|background|background-url|poster|cite)\s*=\s*("[^"]*"|'[^']*')/gi, (m) => {
    for (const name of names(m[2]!)) {
      if (LINK_VALUES.has(name)) continue;
      say(m.index!, `{{${name}}} cannot be used in a link`, 'write the address into the template; values are for text only');
    }
  });
  each(/\sstyle\s*=\s*("[^"]*"|'[^']*')/gi, (m) => styleValues(m[1]!, m.index!, say));
  each(/<(style|mj-style)\b[^>]*>([\s\S]*?)<\/\1>/gi, (m) => styleValues(m[2]!, m.index!, say));
  each(/<mj-raw\b[^>]*>([\s\S]*?)<\/mj-raw>/gi, (m) => {
    if (!/^(\s|\{\{(#|\/|else)[^{}]*\}\})*$/.test(m[1]!)) {
      say(m.index!, '<mj-raw> may hold only tags such as {{#if x}} and {{/if}}', 'use mj-text or mj-table for content');
    }
  });
  return found;
}

function styleValues(css: string, index: number, say: (index: number, message: string, hint: string) => void): void {
  for (const name of names(css)) {
    if (!STYLE_VALUES.has(name)) say(index, `{{${name}}} cannot be used in a style`, 'colours and fonts come from theme.json: [[accent]]');
  }
}

function names(text: string): string[] {
  return [...text.matchAll(/\{\{~?\s*([^{}]*?)\s*~?\}\}/g)].map((m) => m[1]!).filter((name) => !/^(#if|#unless|\/|else)/.test(name));
}

/** Tags of the source that are not in the compiled text: MJML drops what stands where it expects an element. */
export function lostTags(source: string, compiled: string): string[] {
  const count = new Map<string, number>();
  for (const [tag] of compiled.matchAll(TAG)) count.set(tag, (count.get(tag) ?? 0) + 1);
  const lost: string[] = [];
  for (const [tag] of source.matchAll(TAG)) {
    const left = count.get(tag) ?? 0;
    if (left === 0 && !tag.startsWith('{{!')) lost.push(tag);
    count.set(tag, left - 1);
  }
  return lost;
}

const TAG = /\{\{[^{}]*\}\}/g;

/** 1-based line of an index. */
export function lineAt(text: string, index: number): number {
  let line = 1;
  for (let i = text.indexOf('\n'); i !== -1 && i < index; i = text.indexOf('\n', i + 1)) line += 1;
  return line;
}

function at(file: string, node: HbsNode): { file: string; line?: number; column?: number } {
  return node.loc === undefined ? { file } : { file, line: node.loc.start.line, column: node.loc.start.column + 1 };
}
