import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Real time passes in these, or a great many processes: beside others they would show how busy the machine is. */
const testsAlone = ['test/chaos/chaos.test.ts', 'test/order/workflow.test.ts'];
/** What needs programs that few machines have: `npm run keycloak` alone runs these. */
const testsByRequest = ['test/keycloak/**/*.test.ts'];
const isRequested = process.env.npm_lifecycle_event === 'keycloak';
const browserTests = ['test/browser/**/*.test.ts', 'test/**/*browser.test.ts'];

/** They begin first, so that none is left to run by itself at the end; a fresh clone knows no times, and goes by size. */
const longestTests = [
  'test/fuzz/fuzz.test.ts',
  'test/pages/browser.test.ts',
  'test/bench/bench.test.ts',
  'test/cli/cli.test.ts',
  'test/chaos/crash-points.test.ts',
  'test/api/batches.test.ts',
  'test/docs/commands.test.ts',
  'test/local/start.test.ts',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const found = longestTests.findIndex((file) => moduleId.endsWith(file));
      return found < 0 ? longestTests.length : found;
    };
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    globalSetup: 'test/setup/global.ts',
    setupFiles: 'test/setup/each-file.ts',
    // Each worker may run a Temporal server and a Postgres session beside it, and waits for them now and then: on two cores, four
    // leave a quarter of the time unused.
    maxWorkers: 5,
    // Guards against hanging only: conditions decide, not times, and a busy machine is slow.
    testTimeout: 120_000,
    // The first that needs a browser may have to install one.
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...browserTests, ...testsAlone, ...testsByRequest],
        },
      },
      {
        // The workflows once more, with every task replayed from its history.
        extends: true,
        test: { name: 'uncached', include: ['test/workflows/**/*.test.ts'], provide: { maxCachedWorkflows: 0 } },
      },
      {
        extends: true,
        test: { name: 'browser', include: browserTests },
      },
      {
        extends: true,
        test: { name: 'alone', include: testsAlone, fileParallelism: false, sequence: { groupOrder: 1 } },
      },
      ...(isRequested ? [{ extends: true as const, test: { name: 'keycloak', include: testsByRequest } }] : []),
    ],
  },
});
