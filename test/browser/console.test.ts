import type { Browser, BrowserContext, Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { setStaffRole } from '../../db/staff.ts';
import { accessibilityFaults } from '../setup/accessibility.ts';
import { launchBrowser, takePicture } from '../setup/browser.ts';
import { startUsher, type Usher } from '../setup/usher.ts';

/** The console in a real browser, with its script: every page of an organization that is in use, and what keeps up by itself. */

let usher: Usher;
let browser: Browser;
let context: BrowserContext;
const complaints: string[] = [];
beforeAll(async () => {
  [usher, browser] = await Promise.all([startUsher({ withProvider: true, seats: 4 }), launchBrowser()]);
  context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'], reducedMotion: 'reduce' });
  // An owner who runs Usher as well sees everything that there is to see.
  const { account, session } = await usher.person('olivia@acme.example');
  await usher.db.updateTable('members').set({ account_id: account.id }).where('role', '=', 'owner').execute();
  await setStaffRole(usher.db, account.id, 'operator', { issuers: [usher.issuer], by: { kind: 'support', id: null } });
  const name = `usher_${new URL(usher.url).port}_session`;
  await context.addCookies([{ name, value: session, url: usher.url, httpOnly: true, sameSite: 'Lax' }]);
  context.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  context.on('weberror', (error) => complaints.push(String(error.error())));
});
afterAll(async () => {
  await browser?.close();
  await usher?.close();
  expect(complaints).toEqual([]);
});

const open = async (path: string): Promise<Page> => {
  const page = await context.newPage();
  await page.goto(usher.url + path);
  return page;
};

test('every page can be read and used at 1280 and at 360 px', async () => {
  const { id } = await usher.invite('walked@people.example', { licenses: ['studio'], message: 'We start on Monday.' });
  await usher.linkTo('walked@people.example');
  const rows = { mode: 'valid', invitations: [{ email: 'one@people.example' }, { email: 'nobody' }] };
  const batch = (await usher.call('/v1/organizations/acme/invitation-batches', { body: rows })).body.id;
  const [{ id: member }] = (await usher.call('/v1/organizations/acme/members')).body.items;
  const [{ id: license }] = (await usher.call('/v1/organizations/acme/licenses')).body.items;
  await usher.call(`/v1/organizations/acme/licenses/${license}/assign`, { body: { members: [member] } });
  const { id: key } = await usher.db.selectFrom('api_keys').select('id').executeTakeFirstOrThrow();
  const hooks = '/v1/organizations/acme/webhooks';
  const webhook = (await usher.call(hooks, { body: { url: 'http://127.0.0.1:9/webhooks' } })).body.id;
  await usher.call(`${hooks}/${webhook}/test`, { body: {} });
  const message = (await usher.call(`${hooks}/${webhook}/messages`)).body.items[0].id;
  const body = { invitations: ['inv_01k9xqj2v3e8gt0d5w6m7n8p9q', id] };
  const acts = (await usher.call('/v1/organizations/acme/invitation-batches/resend', { body })).body.id;
  const page = await context.newPage();
  const trouble: unknown[] = [];
  for (const width of [1280, 360]) {
    await page.setViewportSize({ width, height: 900 });
    for (const below of [
      ...['', '/invitations', '/invitations?role=emperor', '/invitations?state=revoked', '/invite', '/invite/csv'],
      ...[`/invitations/${id}`, `/invitations/${id}/amend`, `/invitations/${id}/revoke`],
      ...[
        '/batches',
        `/batches/${acts}`,
        `/batches/${batch}`,
        `/batches/${batch}/cancel`,
        '/events',
        '/events?since=once',
      ],
      ...['/members', '/members?state=pending', '/members?state=removed', '/licenses', '/licenses/new'],
      ...[`/members/${member}`, `/members/${member}/remove`, `/licenses/${license}`, `/licenses/${license}/change`],
      ...['/webhooks', '/webhooks/new', `/webhooks/${webhook}`, `/webhooks/${webhook}/change`],
      ...[`/webhooks/${webhook}/rotate`, `/webhooks/${webhook}/remove`, `/webhooks/${webhook}/messages/${message}`],
      ...[
        '/settings',
        '/settings/emails/de',
        '/settings/suspension',
        '/api-keys',
        '/api-keys/new',
        `/api-keys/${key}/revoke`,
      ],
    ]) {
      await page.goto(`${usher.url}/console/acme${below}`);
      for (const fault of await accessibilityFaults(page)) trouble.push({ below, width, fault });
      const sideways = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
      if (sideways > 0) trouble.push({ below, width, sideways });
      const name = below
        .replace(acts, 'acts')
        .replace(/(inv|bat|mem|lic|key|whk|msg)_\w+/g, 'id')
        .replaceAll(/[/?=]/g, '-');
      await takePicture(page, `console-real${name}-${width}`);
    }
  }
  expect(trouble).toEqual([]);
  // What is refused answers 400, which the browser notes.
  expect(complaints.splice(0)).toEqual(Array(4).fill(expect.stringContaining('400 (Bad Request)')));
  await page.close();
});

test('an invitation’s page keeps up with it, and leaves alone what somebody is filling in', async () => {
  const { id } = await usher.invite('live@people.example');
  const page = await open(`/console/acme/invitations/${id}`);
  const present = page.locator('.is-present .state-name');
  await expect(present.first().textContent()).resolves.toBe('pending');
  await page.getByLabel('Expires in').focus();
  await usher.call(`/v1/invitations/${id}/revoke`, { body: {} });
  await page.locator('.ends .is-present', { hasText: 'revoked' }).waitFor();
  await page.locator('.timeline', { hasText: 'Revoked' }).waitFor();
  // In use: the form is as it was, and would be refused.
  expect(await page.getByRole('button', { name: 'Copy the link' }).count()).toBe(1);
  await page.getByRole('link', { name: 'Usher home' }).focus();
  await page.getByRole('button', { name: 'Copy the link' }).waitFor({ state: 'detached' });
  await page.close();
});

test('an email is seen as it is filled in, beside its form, before it is saved', async () => {
  const page = await open('/console/acme/settings/emails/fr');
  const email = page.frameLocator('iframe');
  await email.getByText('olivia vous invite à rejoindre Acme').waitFor();
  await page.getByLabel('Colour').fill('#7c2d12');
  await page.getByLabel('Subject in French').fill('Bienvenue chez {organization}');
  await page.getByLabel('Text in French').fill('Bonjour,\n\nà bientôt.');
  await page.getByRole('button', { name: 'Preview', exact: true }).click();
  await email.getByText('Bienvenue chez Acme').waitFor();
  expect(await email.getByText('à bientôt.').count()).toBe(1);
  // The form is as it was, and nothing is saved.
  expect(await page.getByLabel('Subject in French').inputValue()).toBe('Bienvenue chez {organization}');
  expect((await usher.call('/v1/organizations/acme')).body).toMatchObject({ color: null, wording: {} });
  expect(await accessibilityFaults(page)).toEqual([]);
  await takePicture(page, 'console-real-email-preview-1280');
  await page.close();
});

test('all of a page are selected by a press, and are what is asked about', async () => {
  const page = await open('/console/acme/invitations?state=pending');
  const boxes = await page.locator('input[name=ids]').count();
  expect(boxes).toBeGreaterThan(0);
  await page.getByLabel('All of this page').check();
  await page.getByRole('button', { name: 'Resend selected' }).click();
  await page.getByRole('heading', { name: `Resend ${boxes} invitation` }).waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  await takePicture(page, 'console-real-selected-1280');
  await page.close();
});

test('a licence is given to members who are selected by the keyboard, and shrunk no further than they use it', async () => {
  const { id } = (await usher.call('/v1/organizations/acme/licenses', { body: { product: 'keyed', quantity: 3 } }))
    .body;
  const page = await open('/console/acme/members');
  const members = await page.locator('input[name=ids]').count();
  await page.getByLabel('All of this page').focus();
  await page.keyboard.press('Space');
  await page.getByRole('button', { name: 'Licences…' }).press('Enter');
  await page.getByRole('heading', { name: `Licences of ${members} member` }).waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  await takePicture(page, 'console-real-member-seats-1280');
  await page.getByLabel('Give each a seat of').selectOption({ label: 'keyed' });
  await page.getByRole('button', { name: 'Save' }).press('Enter');
  await page.getByText('given a seat of keyed').waitFor();
  await page.goto(`${usher.url}/console/acme/licenses/${id}/change`);
  await page.getByLabel('Seats').fill('0');
  await page.getByRole('button', { name: 'Save' }).press('Enter');
  await page.getByRole('heading', { name: 'Who uses it' }).waitFor();
  expect(await page.getByRole('row', { name: 'olivia' }).count()).toBe(1);
  expect(await accessibilityFaults(page)).toEqual([]);
  await takePicture(page, 'console-real-license-in-use-1280');
  expect(complaints.splice(0)).toEqual([expect.stringContaining('409 (Conflict)')]);
  await page.close();
});

test('its email is shown in a frame, its link is copied by a press', async () => {
  const { id } = await usher.invite('framed@people.example', { message: 'We start on Monday.' });
  const page = await open(`/console/acme/invitations/${id}`);
  await page.locator('iframe.email').scrollIntoViewIfNeeded();
  await page.frameLocator('iframe.email').getByText('We start on Monday.').first().waitFor();
  await page.getByRole('button', { name: 'Copy the link' }).click();
  await page.getByRole('button', { name: 'Copy', exact: true }).click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  const copied = await page.evaluate<string>('navigator.clipboard.readText()');
  expect(copied).toBe(usher.url + (await usher.linkTo('framed@people.example')));
  await page.close();
});

test('the secret of a new API key is shown once, and copied by a press', async () => {
  const page = await open('/console/acme/api-keys/new');
  await page.getByLabel('Name').fill('Browser');
  await page.getByLabel('Read:').check();
  await page.getByRole('button', { name: 'Make the key' }).click();
  await page.getByRole('button', { name: 'Copy', exact: true }).click();
  await page.getByRole('button', { name: 'Copied' }).waitFor();
  const secret = await page.evaluate<string>('navigator.clipboard.readText()');
  expect((await usher.call('/v1/me', { key: secret })).body).toMatchObject({ name: 'Browser', scopes: ['read'] });
  expect(await accessibilityFaults(page)).toEqual([]);
  await takePicture(page, 'console-real-made-api-key-1280');
  await page.getByRole('link', { name: 'Done' }).click();
  await page
    .getByRole('row', { name: /^Browser/ })
    .getByText('Works')
    .waitFor();
  await page.close();
});

test('a logo is chosen as a file, and stands where the initial stood', async () => {
  const page = await open('/console/acme/settings');
  const picture = (side: number) =>
    sharp({ create: { width: side, height: 300, channels: 3, background: '#b91c1c' } })
      .png()
      .toBuffer();
  const choose = async (buffer: Buffer) => {
    await page.getByLabel('A picture').setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer });
    await page
      .getByRole('button', { name: /the logo/i })
      .first()
      .click();
  };
  await choose(Buffer.from('no picture'));
  await page.locator('#field-logo-error', { hasText: 'It must be a whole PNG' }).waitFor();
  complaints.splice(0);
  await choose(await picture(300));
  await page.getByText('It is the logo from now on.').waitFor();
  const logo = page.locator('img.tile.small');
  expect(await logo.evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth)).toBe(256);
  expect(await accessibilityFaults(page)).toEqual([]);
  await takePicture(page, 'console-real-logo-1280');
  await page.getByRole('button', { name: 'Remove the logo' }).click();
  await page.getByText('It has no logo any more.').waitFor();
  await page.close();
});

test('the support finds whom to help by their address, in all organizations, and comes to the invitation', async () => {
  const { id } = await usher.invite('helped@people.example');
  const page = await open('/support');
  const trouble: unknown[] = [];
  for (const find of ['', 'helped@people.example', 'acme', 'nobody@people.example']) {
    await page.getByRole('searchbox', { name: 'Find' }).fill(find);
    await page.getByRole('button', { name: 'Find' }).click();
    for (const width of [360, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      for (const fault of await accessibilityFaults(page)) trouble.push({ find, width, fault });
      await takePicture(page, `support-real-${find.split('@')[0]}-${width}`);
    }
  }
  expect(trouble).toEqual([]);
  await page.getByRole('searchbox', { name: 'Find' }).fill('helped@people.example');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'helped@people.example' }).click();
  await page.waitForURL(`**/console/acme/invitations/${id}`);
  await page.close();
});

test('people are invited by the keyboard alone, from a file, and their progress is told as it comes', async () => {
  await usher.worker.stop();
  const page = await open('/console/acme/invite/csv');
  await page.getByLabel('A file').setInputFiles({
    name: 'people.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from('email,message\nada@file.example,"Hello, Ada"\nnobody,\n'),
  });
  await expect.poll(() => page.getByLabel('CSV').inputValue()).toContain('ada@file.example');
  const press = async (name: string) => {
    const button = page.getByRole('button', { name });
    const isReached = () =>
      button.evaluate((element) => (element as unknown as { matches(selector: string): boolean }).matches(':focus'));
    for (let tabs = 0; tabs < 40 && !(await isReached()); tabs++) await page.keyboard.press('Tab');
    await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')]);
  };
  await press('Look at it first');
  await expect(page.getByRole('row', { name: 'nobody' }).textContent()).resolves.toContain('Line 3');
  await press('Invite 1 person');
  await page.getByText('Under way').waitFor();
  usher.worker = await usher.startWorker();
  await page.getByText('Completed').waitFor();
  await expect(page.getByRole('row', { name: 'Emails sent' }).textContent()).resolves.toContain('150%');
  await page.close();
});
