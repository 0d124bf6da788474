import { createDatabase } from '../../db/database.ts';
import { migrate } from '../../db/migrate.ts';
import { percentile } from '../figures.ts';
import type { Scenario } from '../report.ts';
import { startDatabaseServer } from '../servers.ts';
import { fill } from './filled.ts';
import { listsOf } from './lists.ts';

/** The first page of every list, in the database alone, at so many invitations. */
export async function measureLists(o: {
  levels: readonly number[];
  samples: number;
  report(line: string): void;
}): Promise<Pick<Scenario, 'head' | 'rows'>> {
  const server = await startDatabaseServer();
  try {
    const url = await server.database('lists');
    await migrate(url);
    // A migration-long statement: filling is not what is measured.
    const db = createDatabase(url, 1, 120_000);
    try {
      const rows = Object.keys(listsOf(1)).map((list): (string | number)[] => [list]);
      let filled = 0;
      for (const level of o.levels) {
        o.report(`filling up to ${level} invitations`);
        await fill(db, filled, level);
        filled = level;
        for (const [i, ask] of Object.values(listsOf(level)).entries()) {
          // The first time reads from disk what the others find in memory.
          await ask(db);
          const times: number[] = [];
          for (let i = 0; i < o.samples; i += 1) {
            const from = performance.now();
            await ask(db);
            times.push(performance.now() - from);
          }
          rows[i]!.push(percentile(times, 0.5), percentile(times, 0.99));
        }
      }
      return { head: ['list', ...o.levels.flatMap((level) => [`p50 ms at ${level}`, `p99 ms at ${level}`])], rows };
    } finally {
      await db.destroy();
    }
  } finally {
    await server.stop();
  }
}
