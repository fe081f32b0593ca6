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
