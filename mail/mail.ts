/**
 * The port through which Usher sends email. A provider's adapter implements it (`postmark.ts`, `smtp.ts`); nothing else in
 * Usher knows which provider it is.
 */
export interface Mail {
  /** Messages a second, at most. Of more at once some wait for their turn, and those that wait for long are handed back. */
  readonly perSecond: number;
  /** How many are under way at once, at most. */
  readonly atOnce: number;

  /**
   * Sends one message. Never throws: every outcome, also that of an invalid message, is a {@link SendResult}.
   * Messages sent at about the same time travel in one request.
   */
  send(message: Message): Promise<SendResult>;

  /**
   * Looks a delivery up at the provider. Providers index late, so `undefined` right after a send proves nothing:
   * ask again, with patience, before sending it once more. One that cannot be asked at all never finds anything.
   *
   * @param delivery as in {@link Message.delivery}
   * @throws MailError when the provider could not be asked; that is not the same as `undefined`
   */
  find(delivery: string): Promise<{ messageId: string } | undefined>;

  /** Waits for what is under way; a later `send` answers `not_sent`. */
  close(): Promise<void>;
}

/** One email to one person. */
export interface Message {
  /** One bare address. */
  to: string;
  /** One address, with a name if wanted ({@link namedAddress}). */
  from: string;
  /** As `from`. */
  replyTo?: string;
  subject: string;
  html: string;
  text: string;
  /** What sort of email it is: `invitation`, `reminder`, `resend_request`. */
  kind: string;
  invitation: string;
  /** `<invitation id>/<ordinal>`, by which it is found again; at most 80 characters. */
  delivery: string;
  /** Our own Message-ID, the same for every attempt of a delivery ({@link messageIdOf}). */
  messageId: string;
  /** Message-ID of the first email of the invitation, so that later ones thread under it. */
  inReplyTo?: string;
}

/**
 * What became of a message. `code` is a short token (`postmark_406`, `smtp_550`, `timeout`), never the provider's
 * text, which quotes addresses.
 */
export type SendResult =
  /** The provider has it, under its own id. */
  | { status: 'sent'; messageId: string }
  /** Refused for good: never repeat it. */
  | { status: 'failed'; code: string }
  /** Certainly not taken: it may be repeated without looking it up, after `retryAfterMs` if the provider said so. */
  | { status: 'not_sent'; code: string; retryAfterMs?: number }
  /** Perhaps taken: look it up before repeating it. */
  | { status: 'unknown'; code: string };

/** A failure of the mail provider, or a message no provider could send. Its message is its code, free of personal data. */
export class MailError extends Error {
  override name = 'MailError';
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}
