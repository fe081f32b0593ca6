import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/global-setup.ts'],
    setupFiles: ['test/seed.ts'],
    // Guards against a hang, not bounds of speed: a runner may have two slow cores.
    testTimeout: 180_000,
    hookTimeout: 300_000,
    pool: 'forks',
    reporters: ['default', './scripts/closing-line.mjs'],
    maxWorkers: 2,
  },
});
