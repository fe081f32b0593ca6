/** What a typst template may not do: fetch packages, ask for the date, run foreign code. Found before anything is compiled. */
import { problem } from '../values/diagnostic.js';
import type { Diagnostic } from '../values/diagnostic.js';

const RULES: readonly { readonly pattern: RegExp; readonly message: string; readonly hint: string }[] = [
  {
    pattern: /\b(?:import|include)\s*\(?\s*"@/g, message: 'a package is imported: templates must not depend on the network',
    hint: 'write what is needed into the template',
  },
  {
    pattern: /\b(?:import|include)\s*\(?\s*"(?!@)/g, message: 'another file is imported: a template is one file',
    hint: 'write what is needed into the template',
  },
  {
    pattern: /\.\s*today\b/g, message: 'the template asks for today\'s date: the same invoice would change from day to day',
    hint: 'use the dates of the data: data.facts, or data.date for the document',
  },
  { pattern: /\bplugin\s*\(/g, message: 'the template loads a plugin', hint: 'take it out' },
  {
    pattern: /\bdate\s*:\s*auto\b/g, message: 'the date of the document is "auto": it would be the time of the run',
    hint: 'write date: datetime(year: data.date.year, month: data.date.month, day: data.date.day)',
  },
  {
    pattern: /\b(?:read|image|json|csv|yaml|toml|xml|cbor|bibliography)\s*\(\s*"(?!\/data\.json")/g, message: 'the template reads a file',
    hint: 'it has only json("/data.json") and the image named by data.logo',
  },
];

/** All findings of a template, with their lines. Comments are not looked at. */
export function lintTypst(file: string, text: string): Diagnostic[] {
  // A comment keeps its length, so that places stay right; "://" of an address begins none.
  const code = text.replace(/(?<!:)\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ' '));
  return RULES.flatMap(({ pattern, message, hint }) => [...code.matchAll(pattern)].map((match) => {
    const before = code.slice(0, match.index).split('\n');
    return problem('CONFIG_TEMPLATE', message, { at: { file, line: before.length, column: before.at(-1)!.length + 1 }, hint });
  }));
}
