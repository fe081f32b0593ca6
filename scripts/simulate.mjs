// Years of a made-up world: `npm run simulate -- [options]`. The periods of every type of cycle in every zone, a company that bills
// for years, projects that are run on two schedules, ledgers whose runs die and collide; what is looked at stands in test/simulate. Takes its
// time; a small part of it is in `npm test`.
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startVitest } from 'vitest/node';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: {
    'seed': { type: 'string' }, 'from': { type: 'string' }, 'seeds': { type: 'string' }, 'months': { type: 'string' }, 'years': { type: 'string', default: '10' }, 'customers': { type: 'string', default: '16' },
    'days-between-runs': { type: 'string', default: '1' }, 'worlds': { type: 'string', default: '20' },
    'part': { type: 'string' }, 'help': { type: 'boolean', default: false },
  },
});
if (values.help) {
  process.stdout.write(`npm run simulate -- [options]

  --seed N               what chance brings; the same seed, the same world (1)
  --seeds N              so many ledgers, from --seed (or --from) on; alone it means --part ledger (20)
  --months N             how long each ledger is lived with; the seed decides when it is left out
  --years N              how long (10)
  --customers N          of the company; 16 have all types of cycles and both timings (16)
  --days-between-runs N  1 is a run every day (1)
  --worlds N             how many projects are run on two schedules (20)
  --part NAME            calendar, company, schedule or ledger; all when it is left out
`);
  process.exit(0);
}

const given = {
  ...values, seed: values.seed ?? values.from ?? '1', seeds: values.seeds ?? (values.seed === undefined ? '20' : '1'), months: values.months ?? '0',
};
const parts = values.part ?? (values.seeds === undefined ? 'calendar,company,schedule,ledger' : 'ledger');
const [seed, seeds, months, years, customers, between, worlds] = [
  'seed', 'seeds', 'months', 'years', 'customers', 'days-between-runs', 'worlds',
].map((name) => {
  const value = Number(given[name]);
  if (!Number.isInteger(value) || value < (name === 'seed' || (name === 'months' && values.months === undefined) ? 0 : 1)) {
    process.stderr.write(`--${name} ${given[name]} is not a whole number\n`);
    process.exit(2);
  }
  return value;
});

for (const part of parts.split(',')) {
  if (['calendar', 'company', 'schedule', 'ledger'].includes(part)) continue;
  process.stderr.write(`--part ${part}: there are calendar, company, schedule and ledger\n`);
  process.exit(2);
}

const options = { seed, seeds, months, years, customers, between, worlds, parts, terminal: process.stderr.isTTY === true };
const failures = [];
const reporter = {
  onTestRunEnd(modules, errors) {
    failures.push(...errors.map(({ message }) => message));
    for (const module of modules) {
      failures.push(...module.errors().map(({ message }) => message));
      for (const test of module.children.allTests('failed')) failures.push(...test.result().errors.map(({ message }) => `${test.name}: ${message}`));
    }
  },
};
const vitest = await startVitest('test', [], {
  root, watch: false, include: ['test/simulate/long.sim.ts'], globalSetup: [], reporters: [reporter], testTimeout: 0, hookTimeout: 0,
  env: { DUEBOOK_SIMULATE: JSON.stringify(options) },
});
await vitest.close();
if (failures.length > 0) {
  const part = parts.includes(',') ? '' : ` --part ${parts}`;
  const ledgers = parts === 'ledger' ? `--seed ${seed} --seeds ${seeds}${months === 0 ? '' : ` --months ${months}`}`
    : `--seed ${seed} --years ${years} --customers ${customers} --days-between-runs ${between} --worlds ${worlds}`;
  process.stdout.write(`${failures.map((failure) => `FAILED ${failure}\n`).join('')}Repeat it with:
  npm run simulate -- ${ledgers}${part}\n`);
} else process.stdout.write('Nothing is wrong.\n');
process.exit(failures.length > 0 ? 1 : 0);
