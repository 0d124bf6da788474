import {
  inParallel,
  invite,
  inviteBatch,
  onStage,
  p50p99,
  residentMb,
  type StageOptions,
  seatsAreExact,
  timed,
} from './scenario.ts';

/** As many as one request may invite. */
const mostABatch = 10_000;

/** What grows with the number of pending invitations: memory, the time of an accept, that of a list. */
export const growth = (o: Omit<StageOptions, 'people'> & { levels: readonly number[]; samples: number }) =>
  onStage({ ...o, people: Math.max(...o.levels) + o.levels.length * o.samples }, async (stage) => {
    const { usher, servers } = stage;
    const rows: (string | number)[][] = [];
    let invited = 0;
    for (const level of o.levels) {
      // Those who accepted to be measured are replaced, so that as many are pending as the level says.
      for (let left = level - invited; left > 0; left = level - invited) {
        const count = Math.min(left, mostABatch);
        await inviteBatch(stage, invited + 1, count);
        invited += count;
        stage.report(`${invited} invited`);
      }
      const samples = await invite(stage, invited + 1, o.samples);
      invited += samples.length;
      const [{ count: pending } = { count: 0 }] = await stage.ask<{ count: number }>(
        "select count(*)::int as count from invitations where state = 'pending'",
      );
      const accepts: number[] = [];
      for (const { id, person } of samples) accepts.push(await timed(() => usher.accept(id, person)));
      const lists: number[] = [];
      await inParallel(
        'listed',
        o.samples,
        1,
        async () => {
          lists.push(
            await timed(async () => {
              const page = await fetch(`${usher.url}/v1/organizations/acme/invitations?limit=50&state=pending`, {
                headers: { authorization: `Bearer ${usher.apiKey}` },
              });
              if (!page.ok) throw new Error(await page.text());
              await page.json();
            }),
          );
        },
        () => {},
      );
      const [{ bytes } = { bytes: 0 }] = await stage.ask<{ bytes: number }>(
        'select pg_database_size(current_database())::float8 as bytes',
      );
      rows.push([
        pending,
        await residentMb(usher.pids.worker),
        await residentMb(usher.pids.api),
        await residentMb(servers.temporal.pid),
        await residentMb(servers.postgres.pid),
        ...p50p99(accepts),
        ...p50p99(lists),
        Math.round(bytes / 2 ** 20),
        Math.round((await servers.engineBytes()) / 2 ** 20),
        (await seatsAreExact(stage)) ? 'exact' : 'WRONG',
      ]);
      stage.report(`at ${level}: ${rows.at(-1)!.join(' | ')}`);
    }
    return {
      head: [
        'pending',
        'worker MB',
        'API MB',
        'Temporal MB',
        'Postgres MB',
        'accept p50 ms',
        'accept p99 ms',
        'list p50 ms',
        'list p99 ms',
        'database MB',
        'engine disk MB',
        'seats',
      ],
      rows,
    };
  });
