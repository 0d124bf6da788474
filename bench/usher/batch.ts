import { invite, onStage, type StageOptions } from './scenario.ts';

/** Many people invited at once. There are no batches yet, so this drives the single call, 32 at a time. */
export const batch = (o: Omit<StageOptions, 'people'> & { count: number }) =>
  onStage({ ...o, people: 0 }, async (stage) => {
    const { servers, ask } = stage;
    const callsBefore = servers.mail.calls();
    const from = Date.now();
    await invite(stage, 1, o.count);
    const answered = Date.now();
    const until = async (what: string, query: string) => {
      for (;;) {
        const [{ left } = { left: 0 }] = await ask<{ left: number }>(query);
        if (left === 0) return Date.now();
        stage.report(`${left} ${what}`);
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    };
    // Started: the email was at least attempted, which is a workflow's first act.
    const started = await until(
      'not started',
      "select count(*)::int as left from deliveries where status = 'queued' and attempted_at is null",
    );
    const mailed = await until('not mailed', "select count(*)::int as left from deliveries where status = 'queued'");
    const seconds = (at: number) => ((at - from) / 1000).toFixed(1);
    return {
      head: ['invitations', 'answered after s', 'all started after s', 'all mailed after s', 'provider calls'],
      rows: [
        [
          String(o.count),
          seconds(answered),
          seconds(started),
          seconds(mailed),
          String(servers.mail.calls() - callsBefore),
        ],
      ],
    };
  });
