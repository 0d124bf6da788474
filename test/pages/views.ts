import { alreadyAcceptedPage } from '../../api/pages/already-accepted-page.ts';
import { amendPage } from '../../api/pages/console/amend-page.ts';
import {
  type ApiKeyView,
  apiKeysPage,
  madeApiKeyPage,
  newApiKeyPage,
  revokeApiKeyPage,
} from '../../api/pages/console/api-keys-page.ts';
import { type BatchView, batchPage, cancelBatchPage } from '../../api/pages/console/batch-page.ts';
import { batchesPage } from '../../api/pages/console/batches-page.ts';
import { emailsPage } from '../../api/pages/console/emails-page.ts';
import type { EventView } from '../../api/pages/console/event-words.ts';
import { eventsPage } from '../../api/pages/console/events-page.ts';
import type { FormError } from '../../api/pages/console/form.ts';
import type { ConsoleFrame } from '../../api/pages/console/frame.ts';
import {
  invitationPage as consoleInvitationPage,
  linkPage,
  revokePage,
} from '../../api/pages/console/invitation-page.ts';
import { type InvitationRowView, invitationsPage } from '../../api/pages/console/invitations-page.ts';
import { csvPage, invitePage } from '../../api/pages/console/invite-page.ts';
import { revokeAllPage } from '../../api/pages/console/inviter-page.ts';
import { licenseFormPage } from '../../api/pages/console/license-form-page.ts';
import { licensePage } from '../../api/pages/console/license-page.ts';
import { licensesPage } from '../../api/pages/console/licenses-page.ts';
import { memberPage } from '../../api/pages/console/member-page.ts';
import {
  changeMembersPage,
  memberSeatsPage,
  membersPage,
  removeMembersPage,
} from '../../api/pages/console/members-page.ts';
import { organizationsPage } from '../../api/pages/console/organizations-page.ts';
import { overviewPage } from '../../api/pages/console/overview-page.ts';
import { previewPage } from '../../api/pages/console/preview-page.ts';
import { amendSelectedPage, selectedPage } from '../../api/pages/console/selected-page.ts';
import { settingsPage, suspensionPage } from '../../api/pages/console/settings-page.ts';
import { supportPage } from '../../api/pages/console/support-page.ts';
import { type MessageView, webhookMessagePage, webhookPage } from '../../api/pages/console/webhook-page.ts';
import {
  removeWebhookPage,
  rotateWebhookPage,
  type WebhookView,
  webhookFormPage,
  webhookSecretPage,
  webhooksPage,
} from '../../api/pages/console/webhooks-page.ts';
import { declinePage } from '../../api/pages/decline-page.ts';
import { declinedPage } from '../../api/pages/declined-page.ts';
import { homePage } from '../../api/pages/home-page.ts';
import { invalidLinkPage } from '../../api/pages/invalid-link-page.ts';
import type { InviterView, LicenseView } from '../../api/pages/invitation-facts.ts';
import { invitationPage } from '../../api/pages/invitation-page.ts';
import type { AccountView, Html } from '../../api/pages/layout.ts';
import { leavingPage } from '../../api/pages/leaving-page.ts';
import { problemPage } from '../../api/pages/problem-page.ts';
import { signInUnavailablePage } from '../../api/pages/sign-in-unavailable-page.ts';
import { unknownLinkPage } from '../../api/pages/unknown-link-page.ts';
import { unreachablePage } from '../../api/pages/unreachable-page.ts';
import { unverifiedPage } from '../../api/pages/unverified-page.ts';
import { welcomePage } from '../../api/pages/welcome-page.ts';
import { wrongAccountPage } from '../../api/pages/wrong-account-page.ts';
import { webhookTypes } from '../../db/webhooks.ts';
import { english } from '../../languages/words.ts';
import {
  createdFacts,
  type DeliveryStatus,
  deliveryStatuses,
  invitationChart,
  invitationStates,
  snapshotOf,
} from '../../statecharts/invitation.ts';
import { outlineOf } from '../../statecharts/outline.ts';

/** Everything that people and organizations supply to the pages. */
export interface Cast {
  account: AccountView;
  otherEmail: string;
  organization: string;
  invitedBy: InviterView;
  licenses: readonly LicenseView[];
  teams: readonly string[];
  message: string | undefined;
  id: string;
  url: string;
  detail: string;
}

const everyday: Cast = {
  account: { name: 'Ana Souza', email: 'ana.souza@northwind.example' },
  otherEmail: 'ana@home.example',
  organization: 'Acme Robotics',
  invitedBy: { name: 'Ruth Okafor', email: 'ruth@acme.example' },
  licenses: [
    { product: 'Studio', kind: 'named', ended: false },
    { product: 'Runtime Engine', kind: 'floating', ended: false },
  ],
  teams: ['Firmware', 'Test lab'],
  message: 'Hello Ana,\nwe start on Monday. Your seat for Studio is ready, and the lab knows you are coming.',
  id: 'inv_01jdg7y3xwe6p8q2m4n5r6s7t8',
  url: 'https://studio.acme.example/',
  detail: 'The mailbox does not exist.',
};

/** Breaks out of text, of quoted attributes, of a title, of a comment, if any of these lets it. */
export const markup = `</title>"'><script>alert(1)</script><img src=x onerror=alert(1)><!--&amp;`;

const hostile: Cast = {
  account: { name: `N${markup}`, email: `e${markup}@x.example` },
  otherEmail: `o${markup}@x.example`,
  organization: `G${markup}`,
  invitedBy: { name: `I${markup}`, email: `i${markup}@x.example` },
  licenses: [
    { product: `P${markup}`, kind: 'named', ended: false },
    { product: `Q${markup}`, kind: 'floating', ended: true },
  ],
  teams: [`T${markup}`],
  message: `M${markup}`,
  id: `inv/../${markup}`,
  url: 'javascript:alert(1)',
  detail: `D${markup}`,
};

const long: Cast = {
  account: {
    name: 'Maximiliana-Theodora Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh von und zu Hohenlohe',
    email: `${'maximiliana.theodora.'.repeat(3)}@${'subdomain.'.repeat(15)}example`,
  },
  otherEmail: `${'x'.repeat(64)}@${'y'.repeat(60)}.example`,
  organization: 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunter',
  invitedBy: { name: 'W'.repeat(80), email: `${'w'.repeat(64)}@${'w'.repeat(60)}.example` },
  licenses: Array.from({ length: 10 }, (_, i) => ({
    product: `Product ${i + 1} for the continuous verification of everything that can be verified`,
    kind: i % 2 === 0 ? 'named' : 'floating',
    ended: i % 4 === 0,
  })),
  teams: Array.from({ length: 20 }, (_, i) => `Team${'o'.repeat(i * 3)}${i}`),
  message: `${'word '.repeat(150)}\n\n\n \n\n${'unbreakable'.repeat(60)}`,
  id: `inv_${'0'.repeat(26)}`,
  url: `https://acme.example/${'a'.repeat(400)}`,
  detail: 'a reason that goes on and on '.repeat(10),
};

const rightToLeft: Cast = {
  account: { name: 'נועה לוי', email: 'noa@דוגמה.example' },
  otherEmail: '\u202enoa@other.example',
  organization: 'חברת הדוגמה (בע״מ)!',
  invitedBy: { name: '\u202eRuth', email: 'аlice@acme.example' },
  licenses: [{ product: 'סטודיו 2', kind: 'named', ended: false }],
  teams: ['פיתוח'],
  message: 'שלום נועה!\nמחכים לך.',
  id: 'inv_01jdg7y3xwe6p8q2m4n5r6s7t8',
  url: 'https://xn--4dbcagdahymbxekheh6e0a7fei0b.example/',
  detail: '\u2067תיבה מלאה',
};

const empty: Cast = {
  account: { name: '', email: 'ana@xn--bcher-kva.example' },
  otherEmail: 'b@c.example',
  organization: '…',
  invitedBy: { name: 'Provisioning key' },
  licenses: [],
  teams: [],
  message: undefined,
  id: 'inv_1',
  url: '',
  detail: '',
};

/** The pages are rendered once for each of these. */
export const casts = { everyday, hostile, long, rightToLeft, empty };

const now = Date.UTC(2026, 10, 24, 8, 23);
const daysFromNow = (days: number) => new Date(now + days * 86_400_000);
const expiresAt = daysFromNow(14);
const csrf = 'c5RfT0k3n';

/** Every page in every form it takes, by a name for the report. @param words of the pages of invitees */
export function pagesOf(cast: Cast, words = english): Record<string, Html> {
  const { account, id } = cast;
  const signedIn = { account, csrf, words };
  // Some have a logo and a colour.
  const looks = { logo: 'x'.repeat(43), color: '#7c2d12' };
  const organization = { name: cast.organization, ...(cast === rightToLeft ? looks : {}) };
  const { invitedBy, licenses, teams, message } = cast;
  const few = cast === empty;
  // Checked before anybody is sent there.
  const away = /^https:/.test(cast.url) ? cast.url : everyday.url;
  const invitation = {
    id,
    email: account.email,
    emailVersion: 3,
    organization,
    invitedBy,
    role: 'member',
    licenses,
    teams,
    message,
    expiresAt,
  } as const;
  const signedOut = { csrf, words };
  const invalid = { ...signedOut, invitation: id, organization };
  const row = (i: number): InvitationRowView => ({
    id: `${id}${i}`,
    email: i % 2 ? account.email : cast.otherEmail,
    role: (['member', 'admin', 'billing_manager', 'owner'] as const)[i % 4]!,
    licenses: licenses.slice(0, i % 3).map((license) => license.product),
    state: invitationStates[i % invitationStates.length]!,
    delivery: { status: deliveryStatuses[(i * 3) % deliveryStatuses.length]!, detail: cast.detail },
    expiresAt: daysFromNow(14 - i),
    invitedBy: invitedBy.name,
  });
  const frame: ConsoleFrame = {
    ...signedIn,
    organization: { ...organization, path: '/console/acme', isSuspended: false },
    asksReason: false,
    sections: [],
  };
  /** In the console, at one of its sections. */
  const frameAt = (section: string): ConsoleFrame => ({
    ...frame,
    sections: ['Overview', 'Invitations', 'Members', 'Licences', 'API keys', 'Webhooks', 'Settings', 'Audit log'].map(
      (name) => ({
        name,
        href: `/console/acme/${name}`,
        ...(name === section ? { current: 'page' } : {}),
      }),
    ),
  });
  const consoleInvitation = {
    ...row(4),
    state: 'pending',
    teams,
    message: message ?? null,
    createdAt: daysFromNow(-1),
    invitedBy,
    allowed: ['resend', 'amend', 'revoke', 'copyLink'],
    warnings: few ? [] : [`Whoever invited is member now: ${cast.detail}`],
  } as const;
  const outlineAt = (status: DeliveryStatus) => {
    const facts = createdFacts(now, 86_400_000);
    return outlineOf(invitationChart, snapshotOf({ ...facts, delivery: { ...facts.delivery, status } }, now));
  };
  const eventsOf = (count: number): EventView[] =>
    Array.from({ length: count }, (_, i) => ({
      type: ['created', 'invitation_sent', 'link_copied', 'amended', 'a_new_one'][i % 5]!,
      detail: i % 3 === 1 ? cast.detail : null,
      actor: [
        { kind: 'member', ...invitedBy },
        { kind: 'system' },
        { kind: 'api_key', name: cast.organization },
        { kind: 'support', name: account.name },
        { kind: 'account' },
      ][i % 5]!,
      reason: i % 4 === 3 ? cast.detail : null,
      at: daysFromNow(i),
    }));
  const funnel = {
    since: daysFromNow(-90),
    isCutShort: cast === long,
    invited: few ? 0 : 1204,
    sent: 1199,
    delivered: 1180,
    opened: 911,
    accepted: cast === rightToLeft ? 0 : 850,
    declined: 31,
    expired: 120,
    revoked: 3,
    pending: 200,
    joinedWithin: [90, 500, 700, 801].map((count, i) => ({ ms: 3_600_000 * [1, 24, 72, 168][i]!, count })),
    medianMs: 17 * 3_600_000,
    bounced: few ? 0 : 4,
    complained: few ? 0 : 1,
    failed: 0,
    flaggedInviters: few
      ? []
      : [
          { account: 'acc_1', ...invitedBy, email: cast.otherEmail, role: 'removed', count: 12 },
          { account: 'acc_2', name: account.name, email: account.email, role: 'member', count: 1 },
        ],
  };
  const batchView: BatchView = {
    id: 'bat_1',
    kind: 'invite',
    state: few ? 'cancelled' : 'completed',
    createdAt: daysFromNow(0),
    ...{ rows: 1200, done: 612, invited: 1190, refused: 10, mailed: 600, undeliverable: 2 },
    ...{ accepted: 12, declined: 1, expired: 0, revoked: 0, pending: 1177 },
  };
  const pools = licenses.map((license, i) => ({
    ...license,
    ...(license.kind === 'named'
      ? { quantity: 25, reserved: 4 + i, assigned: 19, available: 2 - i, endsSoon: daysFromNow(3) }
      : { quantity: null, reserved: 1, assigned: 7, available: null }),
    href: '/console/acme/licenses/lic_1',
  }));
  const namedPools = licenses.map(({ product, ended }, i) => ({ id: `lic_${i}`, name: product, ended }));
  const member = (i: number) => ({
    id: `mem_${i}`,
    name: i === 2 ? '' : i % 2 ? account.name : invitedBy.name,
    email: i % 2 ? account.email : cast.otherEmail,
    role: (['member', 'admin', 'billing_manager', 'owner'] as const)[i % 4]!,
    teams: i % 3 ? teams : [],
    licenses: licenses.slice(0, i % 3).map(({ product }) => product),
    joinedAt: daysFromNow(-90 - i),
    lastAccessAt: i === 3 ? null : daysFromNow(-i),
    removedAt: null,
  });
  const membersView = {
    frame: frameAt('Members'),
    tab: 'active',
    tabs: ['active', 'pending', 'removed'],
    members: few ? [] : Array.from({ length: 6 }, (_, i) => member(i)),
    pending: [],
    filter: few ? {} : { search: account.email, team: cast.detail.slice(0, 60) },
    products: licenses.map(({ product }) => ({ product, name: product })),
    cursor: few ? undefined : 'mem_1',
    next: few ? undefined : 'mem_0',
    csv: '/v1/organizations/acme/members.csv',
    mayInvite: true,
    mayChange: true,
    mayAssign: true,
  } as const;
  const twoMembers = [
    { id: 'mem_1', email: account.email },
    { id: 'mem_2', email: cast.otherEmail },
  ];
  const holders = few
    ? []
    : ([
        { id: 'mem_1', kind: 'member', ...account, since: daysFromNow(-3), isOpen: true },
        { id: 'mem_2', kind: 'member', name: '', email: cast.otherEmail, since: daysFromNow(-4), isOpen: true },
        { id, kind: 'invitation', name: '', email: cast.otherEmail, since: daysFromNow(-1), isOpen: !few },
      ] as const);
  const licenseView = {
    frame: frameAt('Licences'),
    license: {
      ...(pools[0] ?? {
        product: 'Studio',
        kind: 'named',
        ended: false,
        quantity: 0,
        reserved: 0,
        assigned: 0,
        available: 0,
      }),
      id: 'lic_1',
      code: 'studio',
      lastDay: few ? null : daysFromNow(30),
    },
    holders,
    filter: {},
    cursor: undefined,
    next: few ? undefined : 'mem_1',
    csv: '/v1/organizations/acme/licenses/lic_1/seats.csv',
    mayManage: true,
    most: 100,
  };
  const apiKeyAt = (i: number): ApiKeyView => ({
    id: `key_${id}${i}`,
    name: i % 2 ? account.name || 'A key' : cast.organization,
    role: 'admin',
    scopes: i % 2 ? ['invite'] : ['read', 'invite', 'manage', 'act'],
    createdAt: daysFromNow(-10),
    createdBy: invitedBy.name,
    expiresAt: i > 1 ? daysFromNow(i === 2 ? 3 : -3) : null,
    revokedAt: i === 1 ? daysFromNow(-1) : null,
  });
  const webhookAt = (i: number): WebhookView => ({
    id: `whk_${id}${i}`,
    url: i % 2 ? `https://app.example.com/webhooks?for=${encodeURIComponent(cast.organization)}` : away,
    types: i % 2 ? [] : ['invitation.accepted', 'member.joined'],
    createdAt: daysFromNow(-10),
    failingSince: i > 1 ? daysFromNow(-1) : null,
    disabled: i > 2 ? { at: daysFromNow(0), why: 'failing' } : null,
    previousSecretUntil: i > 0 ? daysFromNow(1) : null,
  });
  const messageAt = (i: number): MessageView => ({
    id: `msg_${String(i).padStart(32, '0')}`,
    type: 'invitation.accepted',
    state: (['delivered', 'waiting', 'failed'] as const)[i % 3]!,
    attempts: i,
    lastAnswer: ['204', null, 'address_not_public'][i % 3]!,
    lastAttemptAt: i > 0 ? daysFromNow(-1) : null,
    nextAttemptAt: i === 1 ? daysFromNow(1) : null,
    createdAt: daysFromNow(-2),
  });
  const webhookView = { frame: frameAt('Webhooks'), webhook: webhookAt(few ? 0 : 2), mayManage: true };
  const settingsView = {
    settings: {
      name: cast.organization,
      homeUrl: away,
      expiresIn: { value: 'P10D', text: '10 days' },
      remind: few ? 'usual' : 'own',
      reminders: few ? '' : '3, 36h',
      timeZone: 'Europe/Berlin',
      allowedDomains: few ? '' : ['acme.example', '*.acme.example', cast.otherEmail].join('\n'),
      blockedDomains: '',
      languages: few ? '' : 'en, de-AT',
      notices: few ? '' : 'accepted, declined, undeliverable',
    },
    slug: 'acme',
    suspendedAt: few ? daysFromNow(-1) : null,
    version: 'v1',
    mayChange: false,
    maySuspend: false,
    logoTypes: ['image/png'],
  };
  const emailsView = {
    frame: frameAt('Settings'),
    language: 'en',
    emails: {
      senderName: cast.organization,
      replyTo: few ? '' : cast.otherEmail,
      color: few ? '' : '#7c2d12',
      subject: few ? '' : '{organization}: welcome',
      greeting: few ? '' : 'Hello,',
      body: cast.message ?? '',
    },
    version: 'v1',
  } as const;
  // Over, as the other is: one under way would be followed.
  const actsView: BatchView = {
    ...batchView,
    ...{ kind: few ? 'resend' : 'revoke', done: 1200, invited: 0, mailed: 0, pending: 0 },
  };
  const refusal: FormError = {
    text: `Those who run Usher must say why. ${cast.detail}`,
    fields: { reason: 'Say in reason why you do this.', expiresIn: 'Choose one of the list.' },
  };
  return {
    invitation: invitationPage({ ...signedIn, invitation }),
    'invitation-refused': invitationPage({
      ...signedIn,
      invitation: { ...invitation, role: 'billing_manager' },
      notice: { kind: 'error', text: `You could not join: no seat of ${cast.organization} is left.` },
    }),
    decline: declinePage({ ...signedIn, invitation }),
    declined: declinedPage({ ...signedIn, organization, invitedBy, decidedAt: daysFromNow(0) }),
    'declined-signed-out': declinedPage({ ...signedOut, organization }),
    'invalid-link-expired': invalidLinkPage({ ...invalid, reason: 'expired', ask: 'possible' }),
    'invalid-link-revoked-asked': invalidLinkPage({ ...invalid, ...signedIn, reason: 'revoked', ask: 'asked' }),
    'invalid-link-replaced-already-asked': invalidLinkPage({ ...invalid, reason: 'replaced', ask: 'already_asked' }),
    'invalid-link-impossible': invalidLinkPage({ ...invalid, reason: 'revoked', ask: 'impossible' }),
    'already-accepted': alreadyAcceptedPage({ ...signedOut, organization }),
    'already-accepted-signed-in': alreadyAcceptedPage({ ...signedIn, organization }),
    'wrong-account': wrongAccountPage({ ...signedIn, invitation: { ...invitation, email: cast.otherEmail } }),
    unverified: unverifiedPage({ ...signedIn, invitation, provider: 'main' }),
    'unverified-elsewhere': unverifiedPage({ ...signedIn, invitation }),
    'unknown-link': unknownLinkPage(signedOut),
    'unreachable-pending': unreachablePage({
      ...signedIn,
      act: 'accept',
      invitation: { ...invitation, state: 'pending' },
    }),
    'unreachable-accepted': unreachablePage({
      ...signedIn,
      act: 'decline',
      invitation: { ...invitation, state: 'accepted' },
    }),
    'sign-in-unavailable': signInUnavailablePage({
      ...signedOut,
      choices: [{ id: 'main', name: 'Main' }],
      invitation: id,
    }),
    'leaving-sign-in': leavingPage({ ...signedOut, url: away, purpose: 'sign_in' }),
    'leaving-sign-out': leavingPage({ ...signedOut, url: away, purpose: 'sign_out' }),
    'leaving-joined': leavingPage({ ...signedOut, url: away, purpose: { joined: cast.organization } }),
    welcome: welcomePage({
      ...signedOut,
      choices: [{ id: 'main', name: 'Main' }],
      notice: { kind: 'info', text: 'You are signed out.' },
    }),
    'sign-in-choice': welcomePage({
      ...signedOut,
      choices: ['Main', cast.organization, 'Another'].map((name, i) => ({ id: `provider-${i}`, name })),
    }),
    home: homePage({
      ...signedOut,
      account: { ...account, emailVerified: !few },
      memberships: few
        ? []
        : [
            {
              organization: { ...organization, url: cast.url },
              role: 'admin',
              joinedAt: daysFromNow(0),
              licenses: licenses.map((license) => ({ ...license, since: daysFromNow(0) })),
              console: '/console?organization=acme',
            },
            { organization: { name: 'Tailspin Toys' }, role: 'member', joinedAt: daysFromNow(-400), licenses: [] },
          ],
      invitations: few
        ? []
        : [{ ...invitation, role: 'billing_manager', organization: { name: `${cast.organization} II` } }],
      notice: { kind: 'success', text: `Welcome to ${cast.organization}` },
    }),
    'home-new': homePage({
      ...signedOut,
      account: { ...account, emailVerified: true },
      memberships: [],
      invitations: [],
      support: '/support',
    }),
    problem: problemPage({
      ...(few ? signedOut : signedIn),
      status: 403,
      title: 'This form has expired',
      detail: 'It was open for too long, or you signed in again in another tab. Nothing was changed.',
      next: { text: 'Reload the invitation', href: '/invitations/inv_1' },
      requestId: 'req-4f2a91c07b',
    }),
    'problem-404': problemPage({ words, status: 404, title: `Not ${cast.organization}`, detail: cast.detail }),
    'console-organizations': organizationsPage({
      ...signedIn,
      organizations: [
        { name: cast.organization, role: 'owner', path: '/console/acme' },
        { name: 'Tailspin Toys', role: 'admin', path: '/console/tailspin' },
      ],
    }),
    'console-overview': overviewPage({
      frame: few
        ? { ...frameAt('Overview'), organization: { ...frame.organization, isSuspended: true } }
        : frameAt('Overview'),
      funnel,
      mayInvite: true,
      pools: few ? [] : pools,
      addLicense: '/console/acme/licenses/new',
    }),
    'console-invitations': invitationsPage({
      frame: frameAt('Invitations'),
      invitations: few ? [] : Array.from({ length: 8 }, (_, i) => row(i)),
      filter: few ? {} : { email: account.email, state: 'pending' },
      products: licenses.map(({ product }) => ({ product, name: product })),
      mayInvite: true,
      maySteer: true,
      mayAmend: true,
      cursor: few ? undefined : 'inv_1',
      next: few ? undefined : 'inv_0',
    }),
    'console-invitations-refused': invitationsPage({
      frame: frameAt('Invitations'),
      invitations: [],
      filter: { email: cast.otherEmail },
      mayInvite: false,
      maySteer: false,
      mayAmend: false,
      products: [],
      error: { text: 'This is no address.', fields: { email: `No address: ${cast.otherEmail}` } },
    }),
    'console-invitation': consoleInvitationPage({
      frame: { ...frameAt('Invitations'), notice: { kind: 'success', text: 'It is sent again.' } },
      invitation: consoleInvitation,
      outline: outlineAt('sent'),
      events: eventsOf(2),
      laterEvents: few ? undefined : '/console/acme/invitations/inv_1?after=100',
      workflow: few ? undefined : { id: `invitation/${id}`, url: 'https://temporal.example/' },
    }),
    'console-amend': amendPage({
      frame: frameAt('Invitations'),
      invitation: { id, email: account.email, sequence: 3 },
      terms: {
        licenses: licenses.slice(0, 1).map(({ product }) => product),
        products: licenses.map(({ product }) => ({ product, name: product })),
        roles: ['member', 'admin'],
        languages: few ? [] : ['en', 'de'],
      },
      filled: { email: account.email, role: 'member', teams: teams.join(', '), message, locale: 'en' },
      error: few ? undefined : { text: 'It is wrong.', fields: { licenses: 'No seat is left', message: cast.detail } },
    }),
    'console-invite': invitePage({
      frame: frameAt('Invitations'),
      most: 10_000,
      mostText: 1_000_000,
      terms: {
        licenses: [],
        products: licenses.map(({ product }) => ({ product, name: product })),
        roles: ['member'],
        languages: [],
      },
      filled: { addresses: few ? '' : `${account.email}\n${cast.otherEmail}`, role: 'member', locale: 'en' },
      error: few ? { text: 'It is wrong.', fields: { addresses: 'Write at least one address.' } } : undefined,
    }),
    'console-csv': csvPage({
      frame: frameAt('Invitations'),
      csv: few ? '' : `email,message\n${account.email},"${cast.detail}"`,
      most: 10_000,
      mostText: 1_000_000,
      error: few ? undefined : { text: `It is no CSV: ${cast.detail}`, fields: {} },
    }),
    'console-preview': previewPage({
      frame: frameAt('Invitations'),
      valid: few ? 0 : 2,
      refused: 3,
      bad: few
        ? []
        : [
            { place: 'Line 3', email: account.email, detail: cast.detail },
            { place: 'Line 4', email: undefined, detail: 'The row has no address.' },
          ],
      action: '/console/acme/invite',
      fields: { addresses: cast.otherEmail },
      repeated: { name: 'licenses', values: licenses.map(({ product }) => product) },
    }),
    'console-selected': selectedPage({
      frame: frameAt('Invitations'),
      act: few ? 'resend' : 'revoke',
      selected: [
        { id, email: account.email },
        { id, email: cast.otherEmail },
      ],
    }),
    'console-amend-selected': amendSelectedPage({
      frame: frameAt('Invitations'),
      selected: few ? [{ id, email: account.email }] : { matching: 'state=pending', count: 3214 },
      roles: ['member', 'admin'],
      products: few ? [] : licenses.map(({ product }) => ({ product, name: product })),
      filled: {},
      licenses: [],
      error: few ? undefined : refusal,
    }),
    'console-selected-all': selectedPage({
      frame: frameAt('Invitations'),
      act: few ? 'revoke' : 'resend',
      selected: { matching: 'state=pending', count: few ? 1 : 3214 },
    }),
    'console-batch': batchPage({
      frame: frameAt('Invitations'),
      batch: batchView,
      refusedRows: few ? [] : [{ place: 'Row 7', detail: cast.detail }],
      mayCancel: true,
      events: '/v1/invitation-batches/bat_1',
    }),
    'console-acts': batchPage({
      frame: frameAt('Invitations'),
      batch: actsView,
      refusedRows: few ? [] : [{ place: 'Row 7', invitation: { id, email: cast.otherEmail }, detail: cast.detail }],
      mayCancel: !few,
      events: '/v1/invitation-batches/bat_1',
    }),
    'console-batches': batchesPage({
      frame: frameAt('Invitations'),
      batches: few ? [] : [actsView, batchView],
      next: few ? null : 'bat_1',
      mayInvite: true,
    }),
    'console-cancel-acts': cancelBatchPage({ frame: frameAt('Invitations'), batch: actsView }),
    'console-cancel-batch': cancelBatchPage({ frame: frameAt('Invitations'), batch: batchView }),
    'console-link': linkPage({
      frame: frameAt('Invitations'),
      invitation: { id, email: account.email },
      url: 'https://usher.example/i/AbCdEf',
    }),
    'console-invitation-refused': consoleInvitationPage({
      frame: { ...frameAt('Invitations'), asksReason: true },
      invitation: consoleInvitation,
      outline: outlineAt(few ? 'queued' : 'bounced'),
      events: eventsOf(9),
      filled: { reason: cast.detail, expiresIn: 'P7D' },
      error: refusal,
    }),
    'console-api-keys': apiKeysPage({
      frame: frameAt('API keys'),
      keys: few ? [] : [0, 1, 2, 3].map(apiKeyAt),
      mayManage: true,
      now: daysFromNow(0),
      next: few ? undefined : 'key_0',
    }),
    'console-new-api-key': newApiKeyPage({
      frame: frameAt('API keys'),
      roles: ['admin', 'member'],
      filled: few ? { role: 'member' } : { name: cast.organization, role: 'admin', days: '90' },
      scopes: few ? [] : ['read', 'act'],
      ...(few ? {} : { error: { text: cast.detail, fields: { name: cast.detail, scopes: 'Choose at least one.' } } }),
    }),
    'console-made-api-key': madeApiKeyPage({
      frame: frameAt('API keys'),
      key: apiKeyAt(0),
      secret: few ? null : `usher_sk_${'x'.repeat(43)}`,
    }),
    'console-revoke-api-key': revokeApiKeyPage({ frame: frameAt('API keys'), key: apiKeyAt(0) }),
    'console-webhooks': webhooksPage({
      ...webhookView,
      webhooks: few ? [] : [0, 1, 2, 3].map(webhookAt),
      next: few ? undefined : 'whk_0',
    }),
    'console-new-webhook': webhookFormPage({
      ...webhookView,
      webhook: undefined,
      types: webhookTypes,
      filled: few ? {} : { url: away },
      ticked: few ? [] : ['member.joined'],
      ...(few ? {} : { error: { text: cast.detail, fields: { url: cast.detail, types: 'Now: everything.' } } }),
    }),
    'console-changed-webhook': webhookFormPage({
      ...webhookView,
      webhook: { id: 'whk_1', was: 'v1' },
      types: webhookTypes,
      filled: { url: away },
      ticked: [],
    }),
    'console-webhook-secret': webhookSecretPage({
      ...webhookView,
      secret: few ? null : `whsec_${'x'.repeat(44)}`,
      overlap: few ? null : daysFromNow(1),
    }),
    'console-remove-webhook': removeWebhookPage(webhookView),
    'console-rotate-webhook': rotateWebhookPage(webhookView),
    'console-webhook': webhookPage({
      ...webhookView,
      messages: few ? [] : [0, 1, 2].map(messageAt),
      filter: few ? {} : { state: 'failed' },
      next: few ? undefined : 1,
    }),
    'console-webhook-disabled': webhookPage({ ...webhookView, webhook: webhookAt(3), messages: [], filter: {} }),
    'console-webhook-message': webhookMessagePage({
      ...webhookView,
      message: messageAt(few ? 0 : 1),
      payload: JSON.stringify({ data: { message: cast.detail, name: cast.organization } }, null, 2),
    }),
    'console-settings': settingsPage({
      ...settingsView,
      frame: frameAt('Settings'),
      mayChange: true,
      ...(few ? {} : { filled: { homeUrl: away }, error: { text: cast.detail, fields: { homeUrl: cast.detail } } }),
    }),
    'console-settings-seen': settingsPage({ ...settingsView, frame: frameAt('Settings'), maySuspend: true }),
    'console-emails': emailsPage({
      ...emailsView,
      mayChange: true,
      ...(few
        ? {}
        : {
            filled: { ...emailsView.emails, color: cast.detail.slice(0, 7) },
            error: { text: cast.detail, fields: { color: cast.detail } },
          }),
    }),
    'console-emails-seen': emailsPage({ ...emailsView, language: 'de', mayChange: false }),
    'console-suspension': suspensionPage({ frame: { ...frameAt('Settings'), asksReason: true }, suspends: !few }),
    support: supportPage({ ...signedIn }),
    'support-address': supportPage({
      ...signedIn,
      find: account.email,
      found: {
        is: 'address',
        invitations: few
          ? []
          : [0, 1, 2].map((i) => ({
              ...row(i),
              createdAt: daysFromNow(-i),
              organization: { ...organization, slug: 'acme' },
            })),
        members: few
          ? []
          : [
              {
                id: 'mem_1',
                ...account,
                organization: { ...organization, slug: 'acme' },
                role: 'admin',
                joinedAt: daysFromNow(-9),
              },
            ],
        next: few ? undefined : 'inv_0',
      },
    }),
    'support-name': supportPage({
      ...signedIn,
      find: cast.organization,
      found: {
        is: 'name',
        organizations: few
          ? []
          : [true, false].map((isSuspended) => ({
              ...organization,
              slug: 'acme',
              isSuspended,
              createdAt: daysFromNow(0),
            })),
      },
    }),
    'support-refused': supportPage({
      ...signedIn,
      find: cast.otherEmail,
      error: { text: cast.detail, fields: { find: cast.detail } },
    }),
    'console-events': eventsPage({
      frame: frameAt('Audit log'),
      events: few
        ? []
        : eventsOf(14).map((event, i) => ({
            ...event,
            actor: { ...event.actor, id: `mem_${id}` },
            target: {
              kind: ['invitation', 'member', 'api_key', 'license_pool', 'organization', 'batch', 'account'][i % 7]!,
              id,
              ...(i < 7 ? { name: account.name, email: cast.otherEmail } : {}),
            },
          })),
      filter: few ? {} : { type: 'a_new_one', actor: account.email },
      cursor: few ? undefined : '20',
      next: few ? undefined : 6,
    }),
    'console-revoke': revokePage({ frame: frameAt('Invitations'), invitation: consoleInvitation }),
    'console-members': membersPage(membersView),
    'console-members-pending': membersPage({
      ...membersView,
      tab: 'pending',
      pending: few ? [] : Array.from({ length: 4 }, (_, i) => ({ ...row(i), teams, createdAt: daysFromNow(-i) })),
    }),
    'console-members-removed': membersPage({
      ...membersView,
      tab: 'removed',
      tabs: ['active', 'removed'],
      members: membersView.members.map((one) => ({ ...one, removedAt: daysFromNow(-1) })),
      mayInvite: false,
      error: few ? undefined : { text: 'No day.', fields: { joinedBefore: `No day: ${cast.detail}` } },
    }),
    'console-member': memberPage({
      frame: frameAt('Members'),
      member: { ...member(1), invitation: id, holds: namedPools.slice(0, 2) },
      isSelf: false,
      change: few ? 'Their role is above yours.' : { roles: ['member', 'billing_manager', 'admin'] },
      remove: few ? undefined : true,
      pools: few ? undefined : namedPools,
      invitations: { count: few ? 1 : 100, isMore: !few, flagged: 1, href: '/console', revoke: '/console' },
      events: few ? [] : eventsOf(6),
      laterEvents: few ? undefined : '/console/acme/members/mem_1?after=100',
      ...(few ? {} : { filled: { teams: cast.detail, role: 'member', licenses: 'lic_0' }, error: refusal }),
    }),
    'console-member-self': memberPage({
      frame: frameAt('Members'),
      member: { ...member(3), invitation: null, holds: [] },
      isSelf: true,
      change: { roles: 'Nobody changes their own role: ask an owner.' },
      remove: few ? true : 'The last owner can neither leave nor be demoted. Make another member an owner first.',
      pools: namedPools,
      events: undefined,
    }),
    'console-member-removed': memberPage({
      frame: frameAt('Members'),
      member: { ...member(2), removedAt: daysFromNow(-1), invitation: id, holds: [] },
      isSelf: false,
      inviteAgain: { role: 'member' },
      events: eventsOf(1),
    }),
    'console-change-members': changeMembersPage({
      frame: frameAt('Members'),
      members: few ? twoMembers.slice(1) : twoMembers,
      roles: ['member', 'admin'],
      filled: few ? {} : { role: 'admin', without: 'teams', teams: cast.detail },
      error: few ? undefined : { text: 'They cannot.', fields: { members: `${account.email}: Invite them again.` } },
    }),
    'console-remove-members': removeMembersPage({
      frame: frameAt('Members'),
      members: few ? twoMembers.slice(1) : twoMembers,
      isLeaving: false,
      back: '/console/acme/members',
    }),
    'console-leave': removeMembersPage({
      frame: frameAt('Members'),
      members: twoMembers.slice(0, 1),
      isLeaving: true,
      back: '/console/acme/members/mem_1',
      error: { text: 'The organization would have no owner.', fields: {} },
    }),
    'console-member-seats': memberSeatsPage({
      frame: frameAt('Members'),
      members: twoMembers,
      pools: few ? [] : namedPools,
      filled: { from: 'lic_0' },
      pool: few ? undefined : 'lic_0',
      error: few ? undefined : { text: 'No seat is left.', fields: { to: cast.detail } },
    }),
    'console-licenses': licensesPage({
      frame: frameAt('Licences'),
      pools: few ? [] : pools,
      cursor: few ? undefined : 'lic_1',
      next: few ? undefined : 'lic_2',
      mayManage: true,
    }),
    'console-license': licensePage(licenseView),
    'console-license-refused': licensePage({
      ...licenseView,
      filter: { email: cast.otherEmail },
      holders: [],
      filled: { addresses: cast.otherEmail },
      error: { text: 'There is no such member.', fields: { addresses: `No active member has ${cast.otherEmail}.` } },
    }),
    'console-license-new': licenseFormPage({
      frame: frameAt('Licences'),
      filled: { kind: 'named', product: 'studio', name: cast.organization },
      error: few ? undefined : { text: 'There is one.', fields: { product: cast.detail } },
    }),
    'console-license-change': licenseFormPage({
      frame: frameAt('Licences'),
      license: { id: 'lic_1', name: licenses[0]?.product ?? 'Studio', was: '[]' },
      filled: { name: cast.organization, kind: 'named', quantity: '2', lastDay: '2027-01-31' },
      ...(few
        ? {}
        : {
            inUse: { holders, count: 120 },
            error: { text: '120 seats are in use.', fields: { quantity: '120 seats are in use: take back 118.' } },
          }),
    }),
    'console-revoke-all': revokeAllPage({
      frame: { ...frameAt('Invitations'), asksReason: !few },
      invitedBy: { ...invitedBy, account: 'acc_1' },
      pending: { count: few ? 1 : 100, isMore: !few },
    }),
  };
}
