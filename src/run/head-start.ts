/**
 * A head start: where the configuration takes seconds to read, in one thread, the engine's threads stage the bookings meanwhile. What
 * they staged is used only where the configuration, once it is known to be good, says the same of the sources; whatever is wrong is told
 * as if nothing had been begun, and nothing is left of it.
 */
import { isDeepStrictEqual } from 'node:util';
import type { SourcesAhead } from '../config/ahead.js';
import { Engine } from '../engine/engine.js';
import { stageBookings } from '../intake/intake.js';
import { projectFiles } from '../world/config-files.js';
import { openContext } from './context.js';
import type { Context, Staged } from './context.js';
import { engineOptions } from './draft.js';
import type { CommonOptions, World } from './world.js';

interface Begun {
  readonly sources: SourcesAhead;
  readonly engine: Engine;
  /** null: it did not come to its end. */
  readonly staged: Promise<Staged | null>;
}

/** Opens the context of a command that makes a draft, and works with it. */
export async function withHeadStart<T>(world: World, options: CommonOptions, work: (context: Context) => Promise<T>): Promise<T> {
  let begun: Begun | null = null;
  const drop = async (): Promise<void> => {
    const dropped = begun;
    begun = null;
    if (dropped !== null) await stop(dropped);
  };
  try {
    const context = await openContext(world, options, async (root, sources) => {
      begun = await begin(options, root, sources);
    });
    const staged = async (): Promise<Staged | null> => {
      if (begun === null) return null;
      const { bookings, currency } = context.config;
      const done = isDeepStrictEqual(begun.sources, { bookings, currency }) ? await begun.staged : null;
      if (done === null) await drop();
      begun = null;
      return done;
    };
    return await work({ ...context, staged });
  } finally {
    await drop();
  }
}

/** Returns when the engine is at work. Parquet alone: its reading is all the engine's, and can be stopped at any time. */
async function begin(options: CommonOptions, root: string, sources: SourcesAhead): Promise<Begun | null> {
  if (sources.bookings.some(({ format }) => format !== 'parquet')) return null;
  const engine = await Engine.open(engineOptions({ options })).catch(() => null);
  if (engine === null) return null;
  return new Promise((atWork) => {
    const { bookings, currency } = sources;
    const begun = (): void => { atWork({ sources, engine, staged }); };
    const staged = stageBookings(engine, bookings, { root, currency, files: projectFiles(root), begun })
      .then(({ diagnostics }) => ({ engine, diagnostics }), () => null);
    void staged.then(begun);
  });
}

async function stop({ engine, staged }: Begun): Promise<void> {
  let isOver = false;
  void staged.then(() => { isOver = true; });
  while (!isOver) {
    engine.interrupt();
    await new Promise((next) => setImmediate(next));
  }
  await engine.close();
}
