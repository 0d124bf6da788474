import { afterAll, beforeAll, expect, test } from 'vitest';
import type { InvitationId } from '../../db/ids.ts';
import { freePort } from '../../local/ports.ts';
import { type Installation, startInstallation } from '../chaos/installation.ts';
import { findBreaches } from '../setup/consistency.ts';
import { decided, until } from '../setup/until.ts';

/** What operators do when Temporal has lost its data, and what they see of it. */

let usher: Installation;
let metrics: string;
beforeAll(async () => {
  const address = `127.0.0.1:${await freePort()}`;
  metrics = `http://${address}/metrics`;
  usher = await startInstallation({ lookupPatience: 15, environment: { USHER_METRICS_ADDRESS: address } });
});
afterAll(() => usher?.close());

const invite = async (email: string): Promise<InvitationId> => (await usher.invite(email)).body.id;
const run = (id: string) => usher.temporal.workflow.getHandle(`invitation/${id}`);
const isRunning = async (id: string) => (await run(id).describe()).status.name === 'RUNNING';
const said = async (target: string) => {
  const events = await usher.db
    .selectFrom('events')
    .select(['actor_kind', 'detail'])
    .where('type', '=', 'reconciled')
    .where((e) => e.or([e('target_id', '=', target), e('invitation_id', '=', target as InvitationId)]))
    .execute();
  return events.map(({ actor_kind, detail }) => [actor_kind, detail]);
};
/** `npm run operate -- sweep …` */
const sweep = (...args: string[]) => usher.run(['operations/main.ts', 'sweep', ...args]);
const pool = () => usher.db.selectFrom('license_pools').selectAll().executeTakeFirstOrThrow();
/** The value of a metric with these labels, as Prometheus reads it. */
const metric = async (name: string, labels: Record<string, string>) => {
  const text = await (await fetch(metrics)).text();
  const line = text
    .split('\n')
    .find((l) => l.startsWith(`${name}{`) && Object.entries(labels).every(([k, v]) => l.includes(`${k}="${v}"`)));
  return line && Number(line.split(' ').at(-1));
};

test('Temporal has lost its data: a sweep gets every pending invitation going again, and nothing is mailed twice', async () => {
  await usher.running('api');
  await usher.running('worker');
  const [mailed, joined] = [await invite('mailed@example.com'), await invite('joined@example.com')];
  for (const id of [mailed, joined]) await usher.sent(id);
  expect((await decided(() => usher.act('accept', joined, 'joined@example.com'))).status).toBe(200);
  await usher.mailIs({ failures: [{ match: { recipient: 'waits@example.com' }, count: 1_000, response: 503 }] });
  const waits = await invite('waits@example.com');
  await until('its run', () => isRunning(waits).catch(() => false));

  await usher.servers.temporal.forget();
  await expect(run(mailed).describe()).rejects.toThrow(/not found/);
  await (await usher.running('worker')).end('SIGTERM');
  // A restarted worker makes the Schedule again; it waits, so that what is seen is the sweep.
  await usher.running('worker');
  await usher.temporal.schedule.getHandle('reconcile').pause();

  expect(await sweep()).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^swept: 2 started, 0 reloaded, \d running, 0 unanswered; /m),
  });
  for (const id of [mailed, waits]) {
    expect(await isRunning(id)).toBe(true);
    expect(await said(id)).toEqual([['system', 'swept']]);
  }
  await expect(run(joined).describe()).rejects.toThrow(/not found/);
  await usher.mailIs({ failures: [] });
  await usher.sent(waits);
  for (const email of ['mailed', 'joined', 'waits']) expect(await usher.mails(`${email}@example.com`)).toBe(1);
  expect((await decided(() => usher.act('accept', mailed, 'mailed@example.com'))).status).toBe(200);

  // Again it finds nothing to do; and it goes on where it is told to.
  expect((await sweep()).stdout).toMatch(/^swept: 0 started, 0 reloaded, 1 running, 0 unanswered; /m);
  expect((await sweep('--after', waits)).stdout).toMatch(/^swept: 0 started, 0 reloaded, 0 running/m);
  expect(await said(waits)).toEqual([['system', 'swept']]);
});

test('counters that disagree with their seats are set right by a sweep, and by the reconciler, which counts them', async () => {
  await usher.running('api');
  await usher.running('worker');
  const { id, reserved, assigned } = await pool();
  const spoil = () =>
    usher.db
      .updateTable('license_pools')
      .set({ reserved: reserved + 2, assigned: 0 })
      .execute();
  await spoil();
  const swept = await sweep();
  expect(swept).toMatchObject({ code: 0, stdout: expect.stringContaining('1 licence pools set right') });
  expect(swept.stderr).toContain(`The counters of ${id} said ${reserved + 2} reserved and 0 assigned`);
  expect(await pool()).toMatchObject({ reserved, assigned });

  await spoil();
  await usher.temporal.schedule.getHandle('reconcile').trigger();
  await until('the counters to be set right', async () => (await pool()).assigned === assigned);
  expect(await said(id)).toEqual([
    ['system', 'seats_repaired'],
    ['system', 'seats_repaired'],
  ]);
  const finds = { found: 'seats_miscounted', became: 'repaired' };
  await until('the metric', async () => (await metric('usher_reconciler_finds_total', finds)) === 1);
  // The SDK's own are there too.
  expect(await metric('temporal_worker_start', {})).toBeGreaterThan(0);
  expect(await findBreaches(usher.db)).toEqual([]);
});

test('more seats than were bought are told, once, and left to somebody to decide', async () => {
  const { id, reserved, assigned, quantity } = await pool();
  await usher.db.updateTable('license_pools').set({ reserved: 0, assigned: 0, quantity: 1 }).execute();
  for (let i = 0; i < 2; i += 1) {
    const { code, stderr } = await sweep();
    expect(code).toBe(1);
    expect(stderr).toContain('more than were bought');
  }
  expect((await said(id)).filter(([, detail]) => detail === 'seats_oversold')).toHaveLength(1);
  await usher.db.updateTable('license_pools').set({ reserved, assigned, quantity }).execute();
});

test('a sweep says what it is, and what is wrong with an option', async () => {
  expect(await sweep('--help')).toMatchObject({ code: 0, stdout: expect.stringContaining('--after') });
  const wrong = await sweep('--after', 'nonsense');
  expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('the id of an invitation') });
});
