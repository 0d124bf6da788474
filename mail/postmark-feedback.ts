import { bounceTypes } from './bounce-types.ts';

/** What the provider tells of an email after it was sent. */
export interface Feedback {
  /** As of the message: `<invitation id>/<ordinal>`. */
  delivery: string;
  status: 'delivered' | 'opened' | 'bounced' | 'complained';
  /** Of trouble: a short token (`hard_bounce`). */
  detail: string | null;
  /** By the provider's clock. */
  at: Date;
  /** The provider's id of the message. */
  messageId: string;
}

/** What a webhook says; in all but `RecordType` they differ (https://postmarkapp.com/developer/webhooks/webhooks-overview). */
type Fields = Record<string, unknown>;

/** Which field of a webhook has its time, by `RecordType`; others say nothing of an email. */
const times: Partial<Record<string, string>> = {
  Delivery: 'DeliveredAt',
  Bounce: 'BouncedAt',
  SpamComplaint: 'BouncedAt',
  Open: 'ReceivedAt',
  Click: 'ReceivedAt',
  SubscriptionChange: 'ChangedAt',
};

/**
 * Reads a webhook of Postmark's. Of the whole of it only what is returned is looked at: the rest are addresses, and words of
 * other people's mail servers.
 *
 * @returns null when it says nothing of an email of ours: it is of another program's, or of a kind that says nothing;
 *   undefined when it is no webhook of Postmark's
 */
export function postmarkFeedback(body: unknown): Feedback | null | undefined {
  const fields = objectOf(body);
  const { RecordType: type, MessageID: messageId } = fields ?? {};
  if (!fields || typeof type !== 'string') return undefined;
  const { delivery } = objectOf(fields.Metadata) ?? {};
  const said = sayingOf(type, fields);
  if (!said || typeof delivery !== 'string' || !/^[!-~]{1,80}$/.test(delivery)) return null;
  const at = new Date(fields[times[type] ?? ''] as string);
  if (!(at.getTime() > 0 && at.getUTCFullYear() < 10_000)) return undefined;
  if (typeof messageId !== 'string' || !/^[!-~]{1,100}$/.test(messageId)) return undefined;
  return { delivery, ...said, at, messageId };
}

const objectOf = (value: unknown): Fields | undefined =>
  typeof value === 'object' && value !== null ? (value as Fields) : undefined;

/** What a webhook says became of the email. */
function sayingOf(type: string, fields: Fields): Pick<Feedback, 'status' | 'detail'> | undefined {
  switch (type) {
    case 'Delivery':
      return { status: 'delivered', detail: null };
    // Who clicks has opened.
    case 'Open':
    case 'Click':
      return { status: 'opened', detail: null };
    case 'Bounce':
      return sayingOfBounce(fields.Type);
    case 'SpamComplaint':
      return sayingOfBounce('SpamComplaint');
    // Nothing more is sent to the address, for which there is one reason of these. By hand, it says nothing of this email; the
    // next one is refused (406).
    case 'SubscriptionChange':
      return fields.SuppressSending === true &&
        (fields.SuppressionReason === 'HardBounce' || fields.SuppressionReason === 'SpamComplaint')
        ? sayingOfBounce(fields.SuppressionReason)
        : undefined;
    default:
      return undefined;
  }
}

/** A bounce of a type that there was not when this was written is one that could not be classified. */
function sayingOfBounce(given: unknown): Pick<Feedback, 'status' | 'detail'> | undefined {
  const type = typeof given === 'string' && Object.hasOwn(bounceTypes, given) ? given : 'Unknown';
  const [, , , says] = bounceTypes[type as keyof typeof bounceTypes];
  return says === 'nothing' ? undefined : { status: says, detail: codeOf(type) };
}

/** `hard_bounce` of `HardBounce`, `smtp_api_error` of `SMTPApiError`. */
const codeOf = (type: string) => type.replace(/(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])/g, '_').toLowerCase();
