import { afterAll, beforeAll, expect, test } from 'vitest';
import { beginSession } from '../../db/accounts.ts';
import { newApiKey } from '../../db/api-keys.ts';
import { findSecrets, rowsOf, searchPersonalData } from './personal-data.ts';
import { startUsher, type Usher } from './usher.ts';

/** The search that ends every file of the suite finds what is planted: else its silence would say nothing. */

let usher: Usher;
let secrets: [string, string][];
beforeAll(async () => {
  usher = await startUsher({ withWorker: false, searchForPersonalData: false });
  const { id } = await usher.invite('ada@example.com');
  const session = await beginSession(usher.db, {
    account: usher.owner.id,
    idToken: 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJvd25lciJ9.x',
  });
  secrets = [
    ['a link', usher.links.url({ invitation: id, generation: 1 })],
    ['a link to come', usher.links.token({ invitation: id, generation: 7 })],
    ['an API key', usher.key],
    ['an API key that is not stored', newApiKey()],
    ['the key of a session', session.id],
    ['a cookie', `usher_3000_csrf=x; usher_3000_session=${session.id}`],
    ['a cookie over https', '__Host-usher_link_inv_0=abc'],
    ['a sign-in code', '/sign-in/callback?state=a&code=b'],
    ['an ID token', 'Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJvd25lciJ9.c2ln'],
  ];
});
afterAll(() => usher?.close());

test('nothing is found where nothing was planted', async () => {
  expect(await searchPersonalData(usher.temporal.client, usher.db, usher.log)).toEqual([]);
});

test('every kind of secret is found in a log line', async () => {
  for (const [kind, secret] of secrets) {
    const lines = [...usher.log, `{"msg":"request","header":"${secret}"}`];
    expect(await searchPersonalData(usher.temporal.client, usher.db, lines), kind).toContainEqual(
      expect.stringMatching(/^log: /),
    );
  }
});

test('every kind of secret is found in any table', async () => {
  const { db } = usher;
  await usher.call('/v1/organizations/acme/invitations', { body: { email: 'bob@example.com' }, idempotencyKey: 'k' });
  const whole = (secret: string) => JSON.stringify({ note: secret }) as never;
  for (const [kind, secret] of secrets) {
    await db
      .updateTable('requests')
      .set({ body: whole(secret) })
      .execute();
    await db.updateTable('organizations').set({ name: secret }).execute();
    const found = await findSecrets(db, await rowsOf(db));
    expect(found.map((f) => f.split(':')[0]).sort(), kind).toEqual(['table organizations', 'table requests']);
  }
  await db.updateTable('requests').set({ body: null }).execute();
  await db.updateTable('organizations').set({ name: 'Acme' }).execute();
});

test('every kind of secret is found in a history', async () => {
  for (const [n, [kind, secret]] of secrets.entries()) {
    await usher.temporal.client.workflow.start('unknown', {
      taskQueue: 'nobody',
      workflowId: `planted-${n}`,
      args: [{ note: secret }],
    });
    await usher.until(kind, async () =>
      (await searchPersonalData(usher.temporal.client, usher.db, usher.log)).some((f) =>
        f.startsWith(`planted-${n}, `),
      ),
    );
  }
});
