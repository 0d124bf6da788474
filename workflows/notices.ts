import { proxyActivities } from '@temporalio/workflow';

/** How many emails became what. */
export interface SentNotices {
  sent: number;
  failed: number;
  /** There was no news in them any more, or nobody to tell. */
  dropped: number;
  /** For the provider, or for a suspended organization: they are for the next run. */
  waiting: number;
}

export interface NoticeActivities {
  /** Gathers what inviters are to be told into an email each, and sends those. */
  sendNotices(): Promise<SentNotices>;
}

const { sendNotices } = proxyActivities<NoticeActivities>({
  startToCloseTimeout: '30m',
  heartbeatTimeout: '20s',
  retry: { initialInterval: '1s', maximumAttempts: 3 },
});

/** Run by a Schedule every minute, or by hand. */
export async function notices(): Promise<SentNotices> {
  return sendNotices();
}
