import { afterAll, beforeAll, expect, test } from 'vitest';
import { upsertAccount } from '../../db/accounts.ts';
import { createDatabase } from '../../db/database.ts';
import { insertEvent, insertReason } from '../../db/events.ts';
import { ensureOrganization, type Organization } from '../../db/organizations.ts';
import { operateOn } from '../privacy/operate.ts';
import { freshDatabase } from '../setup/database.ts';

/** `npm run operate -- audit`: the audit log as a file. */

let db: ReturnType<typeof createDatabase>;
let operate: ReturnType<typeof operateOn>;
let acme: Organization;
const many = 2_500;

beforeAll(async () => {
  const { url, runUrl } = await freshDatabase();
  db = createDatabase(url, 2);
  operate = operateOn({ USHER_DATABASE_URL: runUrl });
  acme = await ensureOrganization(db, { slug: 'acme', name: 'Acme' });
  const other = await ensureOrganization(db, { slug: 'other', name: 'Other' });
  const account = await upsertAccount(db, {
    issuer: 'i',
    subject: 's',
    email: 'a@b.example',
    emailVerified: true,
    name: 'A',
  });
  const event = { target: { kind: 'account', id: account.id }, by: { kind: 'support', id: null } } as const;
  for (const text of [
    '=HYPERLINK("https://evil.example")',
    '+1',
    '-1',
    '@SUM(1)',
    '\tTab',
    '\rReturn',
    'Plain, "quoted"',
  ])
    await insertEvent(db, { ...event, organization: acme.id, type: 'looked_at', reason: await insertReason(db, text) });
  await insertEvent(db, { ...event, organization: null, type: 'account_erased' });
  await db
    .insertInto('events')
    .values(
      Array.from({ length: many }, (_, i) => ({
        organization_id: other.id,
        target_kind: 'account' as const,
        target_id: account.id,
        type: 'counted',
        actor_kind: 'api_key' as const,
        actor_id: `key_${i % 2}`,
        at: new Date(Date.UTC(2020, 0, 1, 0, 0, i)),
      })),
    )
    .execute();
});
afterAll(() => db?.destroy());

const objects = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

test('all of it, an object a line, each event once and in order', async () => {
  const { code, stdout, stderr } = await operate('audit');
  expect([code, stderr]).toEqual([0, '']);
  const events = objects(stdout);
  const rows = await db.selectFrom('events').select('id').orderBy('id').execute();
  expect(events.map((e) => e.id)).toEqual(rows.map((r) => r.id));
  expect(events.find((e) => e.type === 'account_erased')).toEqual({
    id: expect.any(Number),
    at: expect.any(String),
    organization: null,
    type: 'account_erased',
    detail: null,
    actorKind: 'support',
    actorId: null,
    targetKind: 'account',
    targetId: expect.stringMatching(/^acc_/),
    sequence: null,
    request: null,
    reason: null,
  });
});

test('of one organization, actor, type or time', async () => {
  const count = async (...args: string[]) => {
    const { code, stdout } = await operate('audit', ...args);
    expect(code).toBe(0);
    return stdout === '' ? 0 : objects(stdout).length;
  };
  expect(await count('--organization', 'acme')).toBe(7);
  expect(await count('--type', 'account_erased')).toBe(1);
  expect(await count('--actor', 'key_1')).toBe(many / 2);
  expect(await count('--since', '2020-01-01T00:00:10Z', '--until', '2020-01-01T00:00:30Z')).toBe(20);
  expect(await operate('audit', '--organization', 'nowhere')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('There is no organization nowhere.'),
  });
  expect((await operate('audit', '--since', 'soon')).stderr).toContain('It is no time');
});

test('as CSV for a spreadsheet, in which no cell is a formula', async () => {
  const { code, stdout } = await operate('audit', '--organization', 'acme', '--format', 'csv');
  expect(code).toBe(0);
  const head = 'id,at,organization,type,detail,actorKind,actorId,targetKind,targetId,sequence,request,reason\n';
  expect(stdout.startsWith(head)).toBe(true);
  const reasons = ["'=HYPERLINK(", "'+1", "'-1", "'@SUM(1)", "'\tTab", "'\rReturn", 'Plain, ""quoted""'];
  for (const reason of reasons) expect(stdout).toContain(reason);
  expect(stdout).not.toMatch(/(^|,)"?[=+\-@\t\r]/m);
  const all = await operate('audit', '--format', 'csv', '--type', 'counted');
  expect(all.stdout.trimEnd().split('\n')).toHaveLength(many + 1);
});
