/** The pages of `--help`, made from the table of commands. */
import { table } from '../report/table.js';
import { paint } from '../report/style.js';
import type { Style } from '../report/style.js';
import { COMMON } from './command.js';
import type { Command, Option } from './command.js';

const NO_HEAD = [{ title: '' }, { title: '' }];

/** `duebook --help`. */
export function overview(commands: readonly Command[], style: Style): string {
  const rows = commands.map(({ name, summary }) => [name, summary]);
  return [
    'duebook: billing as code. Previews, confirms and sends invoices from configuration in git.', '',
    heading('Usage', style), '  duebook COMMAND [OPTIONS]', '',
    heading('Commands', style), ...table(NO_HEAD, rows, style, '  '), '',
    heading('Options of every command', style), ...optionLines(COMMON, style), '',
    'Exit codes: 0 done or nothing to do · 2 changes pending (only with --detailed-exitcode) · 3 done, but customers parked or mail',
    'undelivered · 4 configuration invalid · 5 bookings rejected · 6 ledger moved or locked, run again · 7 integrity · 64 usage', '',
    'More: `duebook COMMAND --help`',
  ].join('\n').concat('\n');
}

/** `duebook COMMAND --help`. */
export function page(command: Command, style: Style): string {
  const words = command.args.map(({ name, required }) => (required ? ` ${name}` : ` [${name}]`)).join('');
  const parts = [`duebook ${command.name}: ${command.summary}`, ''];
  if (command.about !== undefined) parts.push(command.about, '');
  parts.push(heading('Usage', style), `  duebook ${command.name}${words} [OPTIONS]`, '');
  if (command.args.length > 0) {
    const rows = command.args.map(({ name, summary }) => [name, summary]);
    parts.push(heading('Arguments', style), ...table(NO_HEAD, rows, style, '  '), '');
  }
  if (command.options.length > 0) parts.push(heading('Options', style), ...optionLines(command.options, style), '');
  parts.push(heading('Examples', style));
  for (const [line, says] of command.examples) parts.push(`  ${paint(style, 'dim', `# ${says}`)}`, `  ${line}`);
  parts.push('', heading('Options of every command', style), ...optionLines(COMMON, style));
  return `${parts.join('\n')}\n`;
}

function heading(text: string, style: Style): string {
  return paint(style, 'bold', text);
}

function optionLines(options: readonly Option[], style: Style): string[] {
  const rows = options.map(({ name, value, summary, choices, many }) => {
    const words = Array.isArray(choices) ? ` (${(choices as readonly string[]).join(', ')})` : '';
    return [`--${name}${value === undefined ? '' : ` ${value}`}${many === true ? ' …' : ''}`, `${summary}${words}`];
  });
  return table(NO_HEAD, rows, style, '  ');
}
