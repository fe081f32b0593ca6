/** The commands that correct what was processed; see `commands.ts`. */
import type { Command } from './command.js';
import { optional, valueOf } from './command.js';
import { present } from './present.js';

const REASON = { name: 'reason', value: 'TEXT', summary: 'why; it is kept for ever' } as const;
const BY = { name: 'by', value: 'NAME', summary: 'who decided it; it is kept' } as const;

export const cancel: Command = {
  name: 'cancel',
  summary: 'make an invoice void before it is sent; what it billed is free again',
  about: 'The invoice keeps its number. Its bookings and its period are open again and stand in the next preview, which waits for\n'
    + 'a human where its deadline has passed. What was sent is corrected with a credit note: `duebook credit`.',
  args: [{ name: 'NUMBER', required: true, summary: 'number of the invoice or credit note' }],
  options: [REASON, BY, { name: 'dry-run', summary: 'say what would happen, change nothing' }],
  examples: [
    ['duebook cancel INV-2026-000001 --reason "Wrong address" --dry-run', 'look first'],
    ['duebook cancel INV-2026-000001 --reason "Wrong address" --by kim', 'the same, for good'],
  ],
  run: async (call) => {
    const { cancel: undo } = await import('../run/cancel.js');
    const result = await undo(call.world, {
      ...call.common, number: call.args[0]!, ...optional('reason', valueOf(call, 'reason')), ...optional('by', valueOf(call, 'by')),
      dry_run: call.given.has('dry-run'),
    });
    return present(call, 'cancel', result, 0);
  },
};

export const credit: Command = {
  name: 'credit',
  summary: 'take back a processed invoice, or a part of it, with a credit note',
  about: 'Without --line and --amount all that is left of the invoice is credited. The credit note gets a number at once and is sent as\n'
    + 'invoices are. What is credited is not billed again, unless --reissue says so: then it stands on the customer\'s next invoice.',
  args: [{ name: 'NUMBER', required: true, summary: 'number of the invoice' }],
  options: [
    { name: 'line', value: 'N', many: true, summary: 'only this line, with its part of the discounts; may be given several times' },
    { name: 'amount', value: 'AMOUNT', summary: 'only this amount, tax included' },
    REASON, BY, { name: 'reissue', summary: 'what is credited is free to be billed again' },
    { name: 'expect', value: 'DIGEST', summary: 'refuse if the credit note is no longer the one with this digest' },
    { name: 'dry-run', summary: 'show the credit note, change nothing' },
  ],
  examples: [
    ['duebook credit INV-2026-000001 --reason "Wrong customer" --dry-run', 'look first: all of it'],
    ['duebook credit INV-2026-000001 --line 3 --reason "Two hours, not four" --reissue', 'a line, to be billed again'],
    ['duebook credit INV-2026-000001 --amount 50.00 --reason "Goodwill" --by kim', 'fifty, tax included'],
  ],
  run: async (call) => {
    const { credit: give } = await import('../run/credit.js');
    const result = await give(call.world, {
      ...call.common, number: call.args[0]!, lines: call.given.get('line') ?? [], ...optional('amount', valueOf(call, 'amount')),
      ...optional('reason', valueOf(call, 'reason')), ...optional('by', valueOf(call, 'by')),
      ...optional('expect', valueOf(call, 'expect')), reissue: call.given.has('reissue'), dry_run: call.given.has('dry-run'),
    });
    return present(call, 'credit', result, 0);
  },
};
