import type { Mail } from './mail.ts';
import { createPostmarkMail, type PostmarkOptions } from './postmark.ts';
import { createSmtpMail, type SmtpServer } from './smtp.ts';

/** Sends through the mail server that is given, else through Postmark. */
export const createMail = ({ smtp, ...o }: PostmarkOptions & { smtp?: SmtpServer | undefined }): Mail =>
  smtp ? createSmtpMail({ ...o, smtp }) : createPostmarkMail(o);
