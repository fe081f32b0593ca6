/** Random tests take their chance from one number: the same tree gives the same answer. Other numbers find more: `TEST_SEED=7 npm test`. */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env['TEST_SEED'] ?? 2026) });
