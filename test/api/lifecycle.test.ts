import { afterAll, beforeAll, expect, test } from 'vitest';
import { startUsher, type Usher } from '../setup/usher.ts';

let usher: Usher;
beforeAll(async () => {
  usher = await startUsher();
});
afterAll(() => usher?.close());

const seats = async () => {
  const { quantity, reserved, assigned } = await usher.db
    .selectFrom('license_pools')
    .selectAll()
    .executeTakeFirstOrThrow();
  return { quantity, reserved, assigned };
};

const act = (email: string) => ({
  account: { issuer: 'https://idp.example', subject: email, email, emailVerified: true, name: 'Ada' },
});

test('an invitation goes from the call to the member with a licence seat', async () => {
  const invitation = await usher.invite('ada@example.com', {
    licenses: ['studio'],
    role: 'member',
    message: 'Welcome!',
  });
  expect(invitation).toMatchObject({ state: 'pending', licenses: ['studio'], generation: 1 });
  expect(await seats()).toMatchObject({ reserved: 1, assigned: 0 });
  expect(await usher.linkTo('ada@example.com')).toMatch(/^\/i\//);
  await usher.until(
    'sent',
    async () => (await usher.call(`/v1/invitations/${invitation.id}`)).body.delivery.status === 'sent',
  );

  const joined = await usher.call(`/v1/invitations/${invitation.id}/accept`, { body: act('ada@example.com') });
  expect(joined.body).toMatchObject({ state: 'accepted', allowed: [] });
  expect(joined.status).toBe(200);
  expect(await seats()).toMatchObject({ reserved: 0, assigned: 1 });

  const again = await usher.call(`/v1/invitations/${invitation.id}/accept`, { body: act('ada@example.com') });
  expect(again).toMatchObject({ status: 200, body: joined.body });
  const other = await usher.call(`/v1/invitations/${invitation.id}/accept`, { body: act('eve@example.com') });
  expect(other).toMatchObject({ status: 409, body: { code: 'invitation_accepted' } });

  const handle = usher.temporal.client.workflow.getHandle(invitation.workflowId);
  await handle.result();
  const events = await usher.call(`/v1/invitations/${invitation.id}/events`);
  expect(events.body.items.map((e: { type: string }) => e.type)).toEqual(['created', 'invitation_sent', 'accepted']);
});

test('decline, revoke, resend and amend', async () => {
  const a = await usher.invite('bob@example.com', { licenses: ['studio'] });
  const link = await usher.linkTo('bob@example.com');
  const declined = await usher.call(`/v1/invitations/${a.id}/decline`, { body: act('bob@example.com') });
  expect(declined.body).toMatchObject({ state: 'declined' });
  expect(await seats()).toMatchObject({ reserved: 0 });
  expect((await usher.call(`/v1/invitations/${a.id}/resend`, { body: {} })).body).toMatchObject({
    code: 'invitation_declined',
  });
  expect(usher.links.read(link.slice(3))).toMatchObject({ invitation: a.id });

  const b = await usher.invite('carl@example.com', { licenses: ['studio'] });
  const revoked = await usher.call(`/v1/invitations/${b.id}/revoke`, { body: {}, idempotencyKey: 'k1' });
  expect(revoked.body).toMatchObject({ state: 'revoked', generation: 2, allowed: ['resend'] });
  expect(await usher.call(`/v1/invitations/${b.id}/revoke`, { body: {}, idempotencyKey: 'k1' })).toMatchObject({
    status: 200,
    body: revoked.body,
  });
  expect(await seats()).toMatchObject({ reserved: 0 });
  const revived = await usher.call(`/v1/invitations/${b.id}/resend`, { body: { expiresIn: 'P2D' } });
  expect(revived.body).toMatchObject({ state: 'pending' });
  expect(await seats()).toMatchObject({ reserved: 1 });
  const amended = await usher.call(`/v1/invitations/${b.id}`, {
    method: 'PATCH',
    body: { email: 'carla@example.com' },
  });
  expect(amended.body).toMatchObject({ email: 'carla@example.com', generation: 3 });
  expect(await usher.linkTo('carla@example.com')).toBeTruthy();
});
