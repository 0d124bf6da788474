import { defineConfig } from 'vitest/config';

const browserTests = ['test/browser/**/*.test.ts', 'test/**/*browser.test.ts'];

export default defineConfig({
  test: {
    globalSetup: 'test/setup/global.ts',
    // Each worker may run a Temporal server and a Postgres session beside it.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: browserTests,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'browser', include: browserTests, sequence: { groupOrder: 1 } },
      },
    ],
    setupFiles: 'test/setup/leaks.ts',
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
