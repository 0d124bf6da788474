import type { FastifyRequest } from 'fastify';
import { recordReport } from '../../db/feedback.ts';
import { type Feedback, postmarkFeedback } from '../../mail/postmark-feedback.ts';
import { emailReports } from '../../telemetry/metrics.ts';
import type { App, RouteDeps } from '../deps.ts';
import { Problem } from '../problem.ts';
import { isSecret } from '../secret.ts';

/** Of a bounce Postmark can send along what the other server said, whole. */
const bodyLimit = 1024 * 1024;

/**
 * Where Postmark tells what became of emails. Without a password there is no such route. It is for Postmark alone, and so
 * not in the document of the API.
 *
 * Postmark repeats for hours what is not answered 200, so that is the answer to whatever it need not say again.
 */
export function registerPostmark(app: App, { db, engine, limits, feedbackPassword }: RouteDeps): void {
  if (feedbackPassword === undefined) return;

  const requirePassword = async (request: FastifyRequest) => {
    const [, credentials = ''] = /^Basic ([\w+/=-]{1,1000})$/i.exec(request.headers.authorization ?? '') ?? [];
    // RFC 7617: the name, which may be any, ends at the first colon.
    const password = Buffer.from(credentials, 'base64')
      .toString()
      .replace(/^[^:]*:/, '');
    if (isSecret(password, feedbackPassword)) return;
    await limits.use({ unknown_key: request.ip });
    throw new Problem(
      'not_authenticated',
      'The URL that Postmark has must hold the password: https://postmark:…@…/webhooks/postmark.',
      undefined,
      { 'www-authenticate': 'Basic realm="Usher"' },
    );
  };

  app.post(
    '/webhooks/postmark',
    {
      bodyLimit,
      schema: { hide: true },
      // Before the body is read.
      onRequest: requirePassword,
      // Before anything else looks at it: what other people's mail servers said is not ours to refuse.
      preValidation: async (request) => {
        const feedback = postmarkFeedback(request.body);
        if (feedback === undefined) throw new Problem('invalid_request', 'This is no webhook of Postmark.');
        request.body = { feedback };
      },
    },
    async (request) => {
      const { feedback } = request.body as { feedback: Feedback | null };
      const recorded = feedback && (await recordReport(db, feedback.delivery, feedback));
      emailReports.inc({ status: (recorded && recorded.became) ?? 'none' });
      if (!recorded) return { recorded: false };
      request.invitation = recorded.invitation;
      if (recorded.isToBeTold) engine.catchUp({ id: recorded.invitation });
      return { recorded: true };
    },
  );
}
