import { SpanKind, trace } from '@opentelemetry/api';
import type { Logger } from 'pino';
import type { Mail } from '../mail/mail.ts';
import { codeLabel, emailSeconds, emails } from './metrics.ts';

/** A mail provider of which every attempt is counted, logged and, where traces are on, a span. */
export function observedMail(mail: Mail, logger?: Logger): Mail {
  const tracer = trace.getTracer('usher');
  return {
    perSecond: mail.perSecond,
    atOnce: mail.atOnce,
    find: (delivery) => mail.find(delivery),
    close: () => mail.close(),
    send: (message) => {
      const { kind, invitation, delivery } = message;
      const attributes = { 'usher.invitation': invitation, 'usher.delivery': delivery };
      return tracer.startActiveSpan(`send ${kind}`, { kind: SpanKind.CLIENT, attributes }, async (span) => {
        const began = performance.now();
        const result = await mail.send(message);
        const seconds = (performance.now() - began) / 1_000;
        const { status } = result;
        const code = 'code' in result ? result.code : 'none';
        emails.inc({ kind, result: status, code: codeLabel(code) });
        emailSeconds.observe({ result: status }, seconds);
        logger?.[status === 'sent' ? 'info' : 'warn']({ invitation, delivery, result: status, code }, 'email');
        span.setAttributes({ 'usher.result': status, 'usher.code': code }).end();
        return result;
      });
    },
  };
}
