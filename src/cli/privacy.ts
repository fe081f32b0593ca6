/** The commands about what is kept of people. */
import type { Command } from './command.js';
import { optional, valueOf } from './command.js';
import { present } from './present.js';

export const forget: Command = {
  name: 'forget',
  summary: 'forget who a customer was, by removing the key of its data; amounts and numbers stay',
  about: 'Needs `privacy.keys`, a customer that is no longer configured, and that the time to keep its documents is over.\n'
    + 'Ended early, the same command finishes the work. Out of reach are mails that were sent, backups, exports,\n'
    + 'the bookings, and the configuration in git.',
  args: [{ name: 'CUSTOMER', required: true, summary: 'id of the customer' }],
  options: [
    { name: 'reason', value: 'TEXT', summary: 'why; it is kept, so it must not say who' },
    { name: 'dry-run', summary: 'say what would happen, change nothing' },
  ],
  examples: [
    ['duebook retention', 'who may be forgotten'],
    ['duebook forget acme --reason "Request of 2036-02-01" --dry-run', 'look first'],
    ['duebook forget acme --reason "Request of 2036-02-01"', 'for good; there is no way back'],
  ],
  run: async (call) => {
    const { forget: work } = await import('../run/forget.js');
    const result = await work(call.world, {
      ...call.common, customer: call.args[0]!, ...optional('reason', valueOf(call, 'reason')), dry_run: call.given.has('dry-run'),
    });
    return present(call, 'forget', result, 0);
  },
};

export const retention: Command = {
  name: 'retention',
  summary: 'show how long the documents of each customer have to be kept, and who may be forgotten',
  args: [],
  options: [],
  examples: [['duebook retention', 'as of today'], ['duebook retention --as-of 2036-01-01', 'as of a day to come']],
  run: async (call) => {
    const { retention: look } = await import('../run/forget.js');
    return present(call, 'retention', await look(call.world, call.common), 0);
  },
};
