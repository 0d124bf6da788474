import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';

const strict = { additionalProperties: false };

const Failure = Type.Object(
  {
    /** Messages it applies to; all, if left out. */
    match: Type.Optional(
      Type.Object(
        {
          recipient: Type.Optional(Type.String({ maxLength: 320 })),
          tag: Type.Optional(Type.String({ maxLength: 1000 })),
        },
        strict,
      ),
    ),
    /** How often. */
    count: Type.Integer({ minimum: 1, maximum: 1_000_000 }),
    /**
     * 300 and 406 refuse the message, as error codes; all others befall the whole request that carries it. `…_before`
     * means that nothing was taken, `…_after` that everything was and only the answer was lost.
     */
    response: Type.Enum([300, 406, 429, 500, 503, 'timeout_before', 'timeout_after', 'reset_before', 'reset_after']),
  },
  strict,
);

const Settings = Type.Object(
  {
    /** How long a message taken is not found by search, ms. */
    indexLagMs: Type.Integer({ minimum: 0, maximum: 3_600_000 }),
    /** How long every answer of Postmark's API takes, ms. */
    latencyMs: Type.Integer({ minimum: 0, maximum: 60_000 }),
    /** Where deliveries, bounces and complaints are reported; it may carry a user name and password. */
    webhookUrl: Type.Union([Type.Null(), Type.String({ pattern: '^https?://', maxLength: 2000 })]),
    /** What fails, and how; the first that matches applies. */
    failures: Type.Array(Failure, { maxItems: 100 }),
  },
  strict,
);

type Failure = Static<typeof Failure>;
export type SandboxSettings = Static<typeof Settings>;
export type FailureResponse = Failure['response'];

export const defaultSettings: SandboxSettings = { indexLagMs: 0, latencyMs: 0, webhookUrl: null, failures: [] };

const Change = Type.Partial(Settings, strict);

/**
 * The settings with some of them changed.
 *
 * @throws Error naming the first field that is wrong
 */
export function changedSettings(settings: SandboxSettings, change: unknown): SandboxSettings {
  if (!Value.Check(Change, change)) {
    const [error] = Value.Errors(Change, change);
    throw new Error(`${error?.instancePath || 'The body'} ${error?.message ?? 'is wrong'}.`);
  }
  return { ...settings, ...structuredClone(change) };
}

/** Refuses one message, not the request. */
const refusesMessage = (response: FailureResponse) => response === 300 || response === 406;

interface Matchable {
  recipients: readonly string[];
  tag: string;
}

const matches = ({ match }: Failure, message: Matchable) =>
  (match?.tag === undefined || match.tag === message.tag) &&
  (match?.recipient === undefined ||
    message.recipients.some((recipient) => recipient.toLowerCase() === match.recipient!.toLowerCase()));

function take(settings: SandboxSettings, wanted: (failure: Failure) => boolean): FailureResponse | undefined {
  const failure = settings.failures.find((f) => f.count > 0 && wanted(f));
  if (failure) failure.count -= 1;
  return failure?.response;
}

/** The failure that befalls a request, if any; it is used up by one. */
export const takeRequestFailure = (settings: SandboxSettings, messages: readonly Matchable[]) =>
  take(settings, (f) => !refusesMessage(f.response) && messages.some((message) => matches(f, message)));

/** The code with which a message is refused, if any; it is used up by one. */
export const takeMessageFailure = (settings: SandboxSettings, message: Matchable) =>
  take(settings, (f) => refusesMessage(f.response) && matches(f, message)) as 300 | 406 | undefined;
