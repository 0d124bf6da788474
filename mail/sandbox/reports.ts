import { randomInt } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { type BounceType, bounceTypes } from '../bounce-types.ts';
import type { StoredMessage } from './store.ts';
import type { Report } from './webhooks.ts';

const strict = { additionalProperties: false };
const at = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT', maxLength: 40 });

const Order = Type.Object(
  {
    /** Id of the message. */
    message: Type.String({ maxLength: 40 }),
    reports: Type.Array(
      Type.Union([
        Type.Object({ type: Type.Enum(['Delivered', 'Opened', 'Clicked']), at }, strict),
        Type.Object(
          {
            type: Type.Enum(['Bounced', 'SpamComplaint']),
            at,
            bounce: Type.Enum(Object.keys(bounceTypes) as BounceType[]),
          },
          strict,
        ),
        Type.Object(
          {
            type: Type.Literal('SubscriptionChanged'),
            at,
            reason: Type.Union([Type.Null(), Type.Enum(['HardBounce', 'SpamComplaint', 'ManualSuppression'])]),
          },
          strict,
        ),
      ]),
      { minItems: 1, maxItems: 100 },
    ),
  },
  strict,
);
/** What to report of a message. */
export type Order = Static<typeof Order>;

/** Undefined when it is none. */
export const readOrder = (body: unknown): Order | undefined => (Value.Check(Order, body) ? body : undefined);

/** A report, as of the message's first recipient. */
export function reportOf(message: StoredMessage, report: Order['reports'][number]): Report {
  const of = { recipient: message.to[0]!.Email, bounceId: randomInt(1, 2 ** 47) };
  return { ...of, ...report };
}
