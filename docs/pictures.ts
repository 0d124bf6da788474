import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sql } from 'kysely';
import { beginSession, upsertAccount } from '../db/accounts.ts';
import { insertApiKey, newApiKey } from '../db/api-keys.ts';
import { createDatabase } from '../db/database.ts';
import { ensureOrganization } from '../db/organizations.ts';
import { setStaffRole } from '../db/staff.ts';
import { startLocal } from '../local/local.ts';
import { freePort } from '../local/ports.ts';
import { launchBrowser } from '../test/setup/browser.ts';
import { until } from '../test/setup/until.ts';

/**
 * Takes the pictures of docs/console.md: `npm run docs:pictures`. It runs an Usher of its own, invites people, some of whom
 * answer, and looks at the console as its owner.
 */

const images = path.join(import.meta.dirname, 'images');
const names = ['ada', 'alan', 'barbara', 'claude', 'donald', 'edsger', 'frances', 'grace', 'hedy', 'john', 'katherine'];
const address = (name: string) => `${name}@people.example`;

async function takePictures(state: string): Promise<void> {
  await using started = new AsyncDisposableStack();
  const local = await startLocal({ state, portBase: await freePort(), report: console.log });
  started.defer(() => local.stop());
  const { api, apiKey, issuer, owner } = local.addresses;
  const db = createDatabase(local.addresses.migrateDatabase, 2);
  started.defer(() => db.destroy());

  const post = async (
    route: string,
    body: object,
    { session, key = apiKey }: { session?: string; key?: string } = {},
  ) => {
    const who: Record<string, string> = session
      ? { cookie: `usher_${new URL(api).port}_session=${session}`, origin: api }
      : { authorization: `Bearer ${key}` };
    const answer = await fetch(`${api}/v1${route}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...who },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${route}: ${await answer.text()}`);
    return (await answer.json()) as { id: string };
  };
  const invited = new Map<string, string>();
  for (const name of names) {
    const message = name === 'grace' ? { message: 'We start on Monday.' } : {};
    const { id } = await post('/organizations/acme/invitations', {
      email: address(name),
      licenses: ['studio'],
      ...message,
    });
    invited.set(name, id);
  }
  const answered = async (name: string, verb: 'accept' | 'decline') => {
    const said = { issuer, subject: name, email: address(name), emailVerified: true, name };
    const { id: account } = await upsertAccount(db, said);
    const { id: session } = await beginSession(db, { account, idToken: 'none' });
    await post(`/invitations/${invited.get(name)}/${verb}`, {}, { session });
  };
  for (const name of names.slice(0, 5)) await answered(name, 'accept');
  await answered('edsger', 'decline');
  await until('all emails are delivered', async () => {
    const { count } = await db
      .selectFrom('deliveries')
      .select((e) => e.fn.countAll<number>().as('count'))
      .where('status', '<>', 'delivered')
      .executeTakeFirstOrThrow();
    return Number(count) === 0;
  });
  // As if some days had gone by, and mail programs had told what they tell.
  const pick = (from: number, to: number) => names.slice(from, to).map((name) => invited.get(name)!);
  const among = (ids: string[]) => sql<boolean>`invitation_id = any(${ids})`;
  await db
    .updateTable('deliveries')
    .set({ status: 'opened' })
    .where(among(pick(0, 7)))
    .execute();
  await db
    .updateTable('deliveries')
    .set({ status: 'delivered' })
    .where(among(pick(7, 9)))
    .execute();
  await db
    .updateTable('deliveries')
    .set({ status: 'bounced', detail: 'HardBounce' })
    .where(among(pick(9, 10)))
    .execute();
  await sql`update invitations set created_at = created_at - length(email) * interval '1 hour'`.execute(db);

  const browser = await launchBrowser();
  started.defer(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1120, height: 960 }, reducedMotion: 'reduce' });
  await page.goto(`${api}/console`);
  await page.getByLabel('Email address').fill(owner.email);
  await page.getByLabel('Password').fill(owner.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${api}/console/**`);
  const take = async (name: string, file = `console-${name}`) => {
    await page.screenshot({ path: path.join(images, `${file}.png`), fullPage: false });
    console.log(`${file}.png`);
  };
  await take('overview');
  await page.goto(`${api}/console/acme/invitations`);
  await take('invitations');
  await page.goto(`${api}/console/acme/invitations/${invited.get('grace')}`);
  await take('invitation');
  await page.goto(`${api}/console/acme/invite`);
  await page
    .getByLabel('Addresses')
    .fill('linus@people.example\nMargaret <margaret@people.example>, grace@people.example');
  await page.getByRole('button', { name: 'Invite', exact: true }).click();
  await page.getByRole('heading', { name: 'Before anybody is invited' }).waitFor();
  await take('preview');
  await post('/organizations/acme/api-keys', { name: 'Sign-up page', scopes: ['invite'] });
  const expiresAt = new Date(Date.now() + 90 * 86_400_000).toISOString();
  await post('/organizations/acme/api-keys', { name: 'Reports', scopes: ['read'], role: 'admin', expiresAt });
  await page.goto(`${api}/console/acme/api-keys`);
  await take('api-keys');
  await page.goto(`${api}/console/acme/settings`);
  await take('settings');
  await page.goto(`${api}/console/acme/events`);
  await take('events');
  await page.goto(`${api}/console/acme/members`);
  await take('members');
  await page.getByRole('link', { name: 'alan', exact: true }).click();
  await page.getByRole('heading', { name: 'alan' }).waitFor();
  await take('member');
  await page.goto(`${api}/console/acme/licenses`);
  await page.getByRole('link', { name: 'Studio' }).click();
  await page.getByRole('heading', { name: 'Give members a seat' }).waitFor();
  await take('license');

  // The support, to whom somebody comes who was invited by two organizations.
  const { id: account } = await db
    .selectFrom('accounts')
    .select('id')
    .where('email', '=', owner.email)
    .executeTakeFirstOrThrow();
  const other = await ensureOrganization(db, { slug: 'tailspin', name: 'Tailspin Toys' });
  const secret = newApiKey();
  await insertApiKey(db, {
    secret,
    organization: other.id,
    name: 'Sign-up',
    role: 'owner',
    scopes: ['invite'],
    createdBy: account,
  });
  await post('/organizations/tailspin/invitations', { email: address('grace') }, { key: secret });
  await setStaffRole(db, account, 'support', { issuers: [issuer], by: { kind: 'system', id: null } });
  await page.goto(`${api}/support?find=${address('grace')}`);
  await take('support', 'support');
}

const state = await mkdtemp(path.join(tmpdir(), 'usher-pictures-'));
try {
  await takePictures(state);
} finally {
  await rm(state, { recursive: true, force: true });
}
process.exit();
