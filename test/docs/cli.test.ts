/** The commands of docs/cli.md are those of the program. */
import { expect, test } from 'vitest';

import { COMMON } from '../../src/cli/command.js';
import type { Command, Option } from '../../src/cli/command.js';
import { COMMANDS } from '../../src/cli/commands.js';
import { readPage, settle, table, withPart } from './markdown.js';

const PAGE = 'docs/cli.md';

function optionRow({ name, value, many, summary, choices }: Option): string[] {
  const words = Array.isArray(choices) ? ` (${choices.join(', ')})` : '';
  return [`\`--${name}${value === undefined ? '' : ` ${value}`}\`${many === true ? ' …' : ''}`, `${summary}${words}`];
}

function section(command: Command): string {
  const args = command.args.map(({ name, required }) => (required ? ` ${name}` : ` [${name}]`)).join('');
  const rows = [...command.args.map(({ name, summary }) => [`\`${name}\``, summary]), ...command.options.map(optionRow)];
  const examples = command.examples.map(([line, says]) => `${line}    # ${says}`).join('\n');
  return [
    `### \`duebook ${command.name}${args}\``, `${command.summary[0]!.toUpperCase()}${command.summary.slice(1)}.`,
    ...(command.about === undefined ? [] : [command.about.replaceAll('\n', ' ')]), ...(rows.length === 0 ? [] : [table(['', ''], rows)]), `\`\`\`sh\n${examples}\n\`\`\``,
  ].join('\n\n');
}

test('docs/cli.md has every command with its options', () => {
  const made = [...COMMANDS.map(section), '### Options of every command', table(['', ''], COMMON.map(optionRow))].join('\n\n');
  const { actual, expected } = settle(PAGE, withPart(readPage(PAGE), 'commands', made));
  expect(actual).toBe(expected);
});
