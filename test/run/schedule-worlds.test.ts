/** The schedule makes no difference in made-up projects, whatever people change in the middle. More of them: `npm run simulate`. */
import { describe, expect, it } from 'vitest';
import { factsOf, live, stretchesOf } from '../simulate/schedules.js';
import { project } from '../support/project.js';

const SEEDS = (process.env['DUEBOOK_SCHEDULE_SEEDS'] ?? '1,2').split(',').map(Number);

describe('any schedule, with changes in the middle', () => {
  it.each(SEEDS)('gives what a run at the change and one at the end give (seed %i)', { timeout: 600_000 }, async (seed) => {
    const stretches = stretchesOf(seed);
    const [once, often] = [await project(), await project()];
    await live(once, stretches, false);
    await live(often, stretches, true);
    expect(await often.flaws()).toEqual([]);
    expect(await factsOf(often)).toEqual(await factsOf(once));
    expect(await often.outcome()).toEqual(await once.outcome());
  });
});
