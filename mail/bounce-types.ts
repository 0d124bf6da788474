/**
 * Postmark's bounce types, with its codes, names and descriptions
 * (https://postmarkapp.com/developer/api/bounce-api#bounce-types), and what each says of the email: whether it did not reach
 * its reader, or its reader called it spam. Nothing say those that only delay it, after which another report follows, and
 * those that somebody's program answers who has it: out of office, a new address, a wish to be left out.
 */
export const bounceTypes = {
  HardBounce: [
    1,
    'Hard bounce',
    'The server was unable to deliver your message (ex: unknown user, mailbox not found).',
    'bounced',
  ],
  Transient: [2, 'Message delayed', 'The server could not temporarily deliver your message.', 'nothing'],
  Unsubscribe: [16, 'Unsubscribe request', 'Unsubscribe or Remove request.', 'nothing'],
  Subscribe: [
    32,
    'Subscribe request',
    'Subscribe request from someone wanting to get added to the mailing list.',
    'nothing',
  ],
  AutoResponder: [64, 'Auto responder', 'Automatic email responder (ex: "Out of Office" or "On Vacation").', 'nothing'],
  AddressChange: [128, 'Address change', 'The recipient has requested an address change.', 'nothing'],
  DnsError: [256, 'DNS error', 'A temporary DNS error.', 'bounced'],
  SpamNotification: [
    512,
    'Spam notification',
    'The message was delivered, but was either blocked by the user, or classified as spam, bulk mail, or had rejected content.',
    'bounced',
  ],
  OpenRelayTest: [
    1024,
    'Open relay test',
    'The NDR is actually a test email message to see if the mail server is an open relay.',
    'nothing',
  ],
  Unknown: [2048, 'Unknown', 'Unable to classify the NDR.', 'bounced'],
  SoftBounce: [
    4096,
    'Soft bounce',
    'Unable to temporarily deliver message (i.e. mailbox full, account disabled, exceeds quota, out of disk space).',
    'bounced',
  ],
  VirusNotification: [
    8192,
    'Virus notification',
    'The bounce is actually a virus notification warning about a virus/code infected message.',
    'bounced',
  ],
  ChallengeVerification: [
    16384,
    'Spam challenge verification',
    'The bounce is a challenge asking for verification you actually sent the email.',
    'bounced',
  ],
  BadEmailAddress: [100000, 'Invalid email address', 'The address is not a valid email address.', 'bounced'],
  SpamComplaint: [100001, 'Spam complaint', 'The subscriber explicitly marked this message as spam.', 'complained'],
  ManuallyDeactivated: [100002, 'Manually deactivated', 'The email was manually deactivated.', 'bounced'],
  Unconfirmed: [
    100003,
    'Registration not confirmed',
    'The subscriber has not clicked on the confirmation link upon registration or import.',
    'bounced',
  ],
  Blocked: [100006, 'ISP block', 'Blocked from this ISP due to content or blacklisting.', 'bounced'],
  SMTPApiError: [
    100007,
    'SMTP API error',
    'An error occurred while accepting an email through the SMTP API.',
    'bounced',
  ],
  InboundError: [
    100008,
    'Processing failed',
    'Unable to deliver inbound message to destination inbound hook.',
    'nothing',
  ],
  DMARCPolicy: [100009, 'DMARC Policy', 'Email rejected due DMARC Policy.', 'bounced'],
  TemplateRenderingFailed: [
    100010,
    'Template rendering failed',
    'An error occurred while attempting to render your template.',
    'bounced',
  ],
} as const satisfies Record<
  string,
  readonly [code: number, name: string, description: string, says: 'bounced' | 'complained' | 'nothing']
>;

export type BounceType = keyof typeof bounceTypes;
