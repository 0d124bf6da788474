import { log } from '@temporalio/activity';
import type { Kysely } from 'kysely';
import type { Database } from '../db/database.ts';
import type { NoticeEmailId } from '../db/ids.ts';
import {
  dropOldNotices,
  findNoticeEmail,
  gatherNotices,
  listNoticeEmails,
  markNoticeEmail,
  type NoticeRow,
  settleNotices,
  unmarkNoticeEmail,
} from '../db/notices.ts';
import type { Links } from '../identity/links.ts';
import { envelopeAddress } from '../identity/mailbox.ts';
import type { Mail, Message } from '../mail/mail.ts';
import { messageIdOf } from '../mail/message.ts';
import { noticeEmail } from '../mail/templates/notice-email.ts';
import type { NoticeActivities, SentNotices } from '../workflows/notices.ts';
import { beating } from './heartbeat.ts';

export interface NoticeDeps {
  db: Kysely<Database>;
  mail: Mail;
  links: Links;
  /** The sender address. */
  from: string;
  /** How long an email that may have been sent is looked for before it is sent again, ms. */
  lookupPatienceMs: number;
  /** Between two such emails to the same inviter, ms: what comes meanwhile is gathered. @default 10 minutes */
  noticeGapMs?: number;
}

/** Inviters at a time. */
const gatheredAtOnce = 200;
/** Emails at a time: few, as invitations wait in the same line. */
const sentAtOnce = 10;

/**
 * Tells inviters what became of their invitations. One email is sent once, unless the provider itself lost it: it is marked
 * attempted before the provider is called, and one that may have been taken is looked up before it is sent again.
 */
export function createNoticeActivities(deps: NoticeDeps): NoticeActivities {
  const { db, noticeGapMs = 600_000 } = deps;
  return {
    sendNotices: beating<void, SentNotices>(async () => {
      const sum: SentNotices = { sent: 0, failed: 0, dropped: 0, waiting: 0 };
      await dropAllOld(db).catch((error: Error) =>
        log.error('old notices could not be dropped', { error: error.name }),
      );
      while ((await gatherNotices(db, noticeGapMs, gatheredAtOnce)) > 0);
      for (let last: NoticeEmailId | undefined; ; ) {
        const page = await listNoticeEmails(db, last, sentAtOnce);
        const outcomes = await Promise.all(page.map((email) => trySending(deps, email)));
        for (const outcome of outcomes) sum[outcome === 'crowded' ? 'waiting' : outcome] += 1;
        last = page.at(-1);
        // The rest is for the next run: it would only stand in the way of invitations.
        if (page.length < sentAtOnce || outcomes.includes('crowded')) return sum;
      }
    }),
  };
}

async function dropAllOld(db: Kysely<Database>): Promise<void> {
  while ((await dropOldNotices(db)) > 0);
}

/** One that cannot be sent, for whatever reason, does no harm to the others. */
const trySending = (deps: NoticeDeps, email: NoticeEmailId) =>
  send(deps, email).catch((error: Error) => {
    log.error('notices to an inviter could not be sent', { email, error: error.name });
    return 'waiting' as const;
  });

/**
 * Sends an email of notices, unless it has been sent. What cannot be sent now is for the next run; `crowded`: neither can any
 * other.
 */
async function send(deps: NoticeDeps, email: NoticeEmailId): Promise<keyof SentNotices | 'crowded'> {
  const { db, mail } = deps;
  const rows = await findNoticeEmail(db, email);
  const [first] = rows;
  if (!first) return 'dropped';
  const settle = async (status: 'sent' | 'failed' | 'dropped') => {
    await settleNotices(db, email, status);
    return status;
  };
  if (first.attempted_at) {
    const found = await mail.find(email).catch(() => 'unknown' as const);
    if (found === 'unknown') return 'waiting';
    if (found) return settle('sent');
    if (Date.now() - first.attempted_at.getTime() < deps.lookupPatienceMs) return 'waiting';
  }
  // Held back, not given up.
  if (first.suspended_at) return 'waiting';
  const news = first.is_member ? rows.filter((row) => row.is_news) : [];
  if (news.length === 0) return settle('dropped');
  const old = rows.filter((row) => !news.includes(row)).map((row) => row.id);
  if (old.length > 0) await settleNotices(db, email, 'dropped', old);
  const message = compose(deps, email, news);
  const mark = await markNoticeEmail(db, email, first.attempted_at);
  if (!mark) return 'waiting';
  const result = await mail.send(message);
  switch (result.status) {
    case 'sent':
      return settle('sent');
    case 'failed':
      log.warn('a notice to an inviter was refused', { email, code: result.code });
      return settle('failed');
    case 'not_sent':
      await unmarkNoticeEmail(db, email, mark);
      return result.code === 'busy' || result.code === 'paused' ? 'crowded' : 'waiting';
    case 'unknown':
      return 'waiting';
    default:
      return result satisfies never;
  }
}

function compose({ links, from }: NoticeDeps, email: NoticeEmailId, news: readonly NoticeRow[]): Message {
  const { inviter_name, inviter_email, slug, organization_name, languages, invitation_id } = news[0]!;
  const troubled = news.filter((row) => row.kind === 'undeliverable');
  const [about, another] = troubled.length > 0 ? troubled : news;
  // Of several in trouble the overview tells which need attention.
  const place = another ? (troubled.length > 0 ? '' : '/invitations') : `/invitations/${about!.invitation_id}`;
  const content = noticeEmail({
    inviterName: inviter_name,
    organization: organization_name,
    locale: languages[0] ?? 'en',
    notices: news.map((row) => ({
      kind: row.kind,
      email: row.email,
      delivery: { status: row.delivery_status, detail: row.delivery_detail },
    })),
    url: links.page(`/console/${slug}${place}`),
  });
  return {
    ...content,
    to: envelopeAddress(inviter_email),
    from,
    kind: 'notice',
    // Of several, the first.
    invitation: invitation_id,
    delivery: email,
    messageId: messageIdOf(email, from),
  };
}
