import { html } from 'hono/html';
import { date } from '../date-time.ts';
import { icon } from '../icon.ts';
import type { Html } from '../layout.ts';
import { buttonLink } from '../outcome.ts';
import { roleNames } from '../role.ts';
import { address, supplied } from '../supplied.ts';
import { barTable, countText } from './bars.ts';
import { type ConsoleFrame, consolePage, emptyState, live } from './frame.ts';
import { type LicensePoolView, poolItem, poolName } from './license-pool.ts';
import { withQuery } from './list.ts';

export interface OverviewPageView {
  frame: ConsoleFrame;
  /** What became of the invitations since a time. */
  funnel: {
    since: Date;
    /** Whether there are older ones in the time that is meant, that are not counted. */
    isCutShort: boolean;
    invited: number;
    sent: number;
    delivered: number;
    opened: number;
    accepted: number;
    declined: number;
    expired: number;
    revoked: number;
    pending: number;
    /** How many joined within each of these times, ms, counted from the invitation. */
    joinedWithin: readonly { ms: number; count: number }[];
    medianMs: number | null;
    /** Pending ones that no email reaches. */
    bounced: number;
    complained: number;
    failed: number;
    flaggedInviters: readonly { account: string; name: string; email: string; role: string; count: number }[];
  };
  pools: readonly LicensePoolView[];
  /** Where a licence is added, for those who may. */
  addLicense?: string | undefined;
  mayInvite: boolean;
}

/** A pool with so little left, of all its seats, is nearly used up. */
const nearlyUsedUp = 0.1;

const hour = 3_600_000;
const duration = (ms: number): string => {
  const counted = (count: number, unit: string) => `${count} ${unit}${count === 1 ? '' : 's'}`;
  if (ms < hour) return counted(Math.max(1, Math.round(ms / 60_000)), 'minute');
  return ms < 48 * hour ? counted(Math.round(ms / hour), 'hour') : counted(Math.round(ms / (24 * hour)), 'day');
};

/** What somebody should look at, each with where to do so. */
function attention({ frame, funnel, pools }: OverviewPageView): Html[] {
  const list = `${frame.organization.path}/invitations`;
  const found: Html[] = [];
  for (const [delivery, what] of [
    ['bounced', 'bounced'],
    ['complained', 'was marked as spam'],
    ['failed', 'could not be sent'],
  ] as const) {
    const count = funnel[delivery];
    if (count > 0)
      found.push(
        html`<a href="${withQuery(list, { state: 'pending', delivery })}">${countText(count)} pending ${count === 1 ? 'invitation' : 'invitations'}</a> reached nobody: the email ${what}. Correct the address, or copy the link.`,
      );
  }
  for (const { account, name, email, role, count } of funnel.flaggedInviters)
    found.push(
      html`<a href="${withQuery(list, { state: 'pending', invitedBy: account })}">${countText(count)} pending ${count === 1 ? 'invitation' : 'invitations'}</a> by ${supplied(name)} (${address(email)}), who ${
        role === 'removed'
          ? 'is no member any more'
          : `is ${roleNames[role as keyof typeof roleNames].toLowerCase()} now and could not grant that`
      }. Revoke them unless you want them.`,
    );
  for (const pool of pools) {
    const { quantity, available } = pool;
    const product = poolName(pool);
    if (pool.ended) found.push(html`The licence ${product} has ended: nobody gets a seat of it.`);
    else if (pool.endsSoon) found.push(html`The licence ${product} ends on ${date(pool.endsSoon)}.`);
    if (!pool.ended && quantity !== null && available !== null && available <= quantity * nearlyUsedUp)
      found.push(
        available === 0
          ? html`No seat of ${product} is left.`
          : html`Only ${countText(available)} of ${countText(quantity)} seats of ${product} ${available === 1 ? 'is' : 'are'} left.`,
      );
  }
  return found;
}

/** Where an organization stands at a glance. */
export const overviewPage = (view: OverviewPageView): Html => {
  const { frame, funnel, pools, mayInvite, addLicense } = view;
  const { invited, accepted } = funnel;
  const found = attention(view);
  const last = funnel.joinedWithin.at(-1);
  const joined = funnel.joinedWithin.map(({ ms, count }, i) => ({
    name: i === 0 ? `Within ${duration(ms)}` : `Up to ${duration(ms)}`,
    count: count - (funnel.joinedWithin[i - 1]?.count ?? 0),
  }));
  return consolePage(frame, {
    title: 'Overview',
    actions: mayInvite ? buttonLink(`${frame.organization.path}/invite`, 'Invite people', 'primary') : undefined,
    body: live(
      'overview',
      html`${
        found.length > 0
          ? html`
    <section class="attention" aria-labelledby="attention">
      <h2 id="attention">Needs attention</h2>
      <ul class="plain">${found.map((words) => html`<li>${icon('warning')}<span>${words}</span></li>`)}</ul>
    </section>`
          : null
      }${
        invited === 0
          ? emptyState(
              html`Nobody has been invited since ${date(funnel.since)}.${mayInvite ? html` <a href="${frame.organization.path}/invite">Invite people</a>.` : null}`,
            )
          : html`
    <div class="halves">
      <section class="card" aria-labelledby="funnel">
        <h2 id="funnel">What became of ${invited === 1 ? 'one invitation' : html`${countText(invited)} invitations`}</h2>
        ${barTable({
          caption: 'How many invitations came how far',
          of: invited,
          names: ['Stage', 'Invitations', 'Share'],
          bars: [
            { name: 'Invited', count: invited },
            { name: 'Sent', count: funnel.sent },
            { name: 'Delivered', count: funnel.delivered },
            { name: 'Opened', count: funnel.opened },
            { name: 'Joined', count: accepted, tone: 'good' },
            { name: 'Declined', count: funnel.declined, tone: 'quiet' },
            { name: 'Expired', count: funnel.expired, tone: 'quiet' },
            { name: 'Revoked', count: funnel.revoked, tone: 'quiet' },
            { name: 'Still open', count: funnel.pending, tone: 'quiet' },
          ],
        })}
        <p class="note">${
          funnel.isCutShort
            ? html`The newest ${countText(invited)}, made since ${date(funnel.since)}.`
            : html`Those made since ${date(funnel.since)}.`
        } Delivered and opened are what mail programs tell: many tell nothing.</p>
      </section>
      <section class="card" aria-labelledby="time-to-join">
        <h2 id="time-to-join">Time to join</h2>${
          accepted === 0 || funnel.medianMs === null || !last
            ? html`<p class="note">Nobody has joined yet.</p>`
            : html`
        <p class="figure"><strong>${duration(funnel.medianMs)}</strong> for half of those who joined</p>
        ${barTable({
          caption: 'How many joined how long after they were invited',
          of: accepted,
          names: ['Time', 'People', 'Share'],
          bars: [...joined, { name: 'Later', count: accepted - last.count, tone: 'quiet' }],
        })}`
        }
      </section>
    </div>`
      }
    <section aria-labelledby="pools">
      <h2 id="pools">Seats</h2>${
        pools.length > 0
          ? html`
      <ul class="pools">${pools.map(poolItem)}
      </ul>`
          : emptyState(
              html`This organization has no licence yet. People can be invited without one.${addLicense ? html` <a href="${addLicense}">Add a licence</a>.` : null}`,
            )
      }
    </section>`,
    ),
  });
};
