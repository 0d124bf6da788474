import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { isAmong, isIssuer } from './identity/issuers.ts';
import { mailDomain } from './identity/mail-domains.ts';
import { isLoopback } from './identity/origins.ts';
import { issuersOf, mainProvider, mainSettings, type ProviderSettings } from './identity/providers.ts';
import type { SmtpServer } from './mail/smtp.ts';

/** A variable of the environment is missing or wrong; the message names it and says what it should be. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

/**
 * Carries out a step of a program's start that hangs on variables.
 *
 * @param otherwise what is said when it fails: what to check
 * @throws ConfigError
 */
export async function attempt<T>(otherwise: string, step: () => T | Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (cause) {
    const { code, message } = cause as { code?: unknown; message?: string };
    const reason = typeof code === 'string' ? code : message?.split('\n', 1)[0];
    throw new ConfigError(`${otherwise} (${reason}).`, { cause });
  }
}

export interface Config {
  /** Postgres connection string of the run role. */
  databaseUrl: string;
  /** Where people reach Usher; decides the links in emails, the cookie names and the sign-in redirect. No trailing slash. */
  publicUrl: string;
  host: string;
  port: number;
  /** HMAC keys of links, newest first: the first signs, all verify. */
  linkKeys: readonly Buffer[];
  /** Signs cookies. */
  cookieKey: Buffer;
  /** Multiplies the limits on how often. */
  limitFactor: number;
  /** Addresses and networks of proxies before the API. */
  trustedProxies: string[];
  /** Where people sign in. */
  providers: ProviderSettings[];
  /** What bearer tokens must be made for. */
  audience: string;
  mail: {
    /** Base URL of Postmark's API, or of the sandbox that speaks it. */
    url: string;
    token: string;
    /** The mail server that is used instead of Postmark; undefined: none. */
    smtp: SmtpServer | undefined;
    /** Messages a second that the account allows; undefined: any number. */
    perSecond: number | undefined;
    from: string;
    /** How long a message that may have been sent is looked for before it is sent again, ms. */
    lookupPatienceMs: number;
  };
  /** What Postmark's webhooks authenticate with; undefined: there are none. */
  feedbackPassword: string | undefined;
  /** Which build of Usher this is, for Temporal to tell its workers apart; empty: it does not. */
  buildId: string;
  /** Days for which ended invitations are kept where their organization says nothing; 0: for ever. */
  retentionDays: number;
  /** Networks that webhooks may reach although they are private, and without TLS. */
  webhookNetworks: string[];
  logLevel: string;
  /** Where the worker's metrics can be scraped, IP:port; undefined: nowhere. */
  metricsAddress: string | undefined;
  /** Who has it may scrape the API's; undefined: nobody may. */
  metricsToken: string | undefined;
  /** Whether OpenTelemetry's own variables say where traces go. */
  tracing: boolean;
  /** Where Temporal's UI is, for operators; undefined: they are shown no link to it. No trailing slash. */
  temporalUi: string | undefined;
}

const url = Type.String({ format: 'url', pattern: '^https?://' });
const key = /^[A-Za-z0-9+/]{43}=$/;

type Environment = Record<string, string | undefined>;

/** What the file says that `<name>_FILE` names: secrets are often handed out as files. @throws ConfigError */
function fromFile(env: Environment, name: string): string | undefined {
  const file = env[`${name}_FILE`];
  if (!file) return undefined;
  try {
    return readFileSync(file, 'utf8').trimEnd();
  } catch (cause) {
    throw new ConfigError(`${name}_FILE names a file that cannot be read (${(cause as { code?: string }).code}).`, {
      cause,
    });
  }
}

/**
 * Reads one variable, or the file that `<name>_FILE` names.
 *
 * @param expected what it should be, for the sentence when it is not
 * @param fallback undefined when it is required
 * @throws ConfigError, which never quotes the value
 */
export function variable(
  env: Environment,
  name: string,
  expected: string,
  valid: (v: string) => boolean,
  fallback?: string,
): string {
  const value = env[name] || fromFile(env, name) || fallback;
  if (value === undefined) throw new ConfigError(`${name} is not set: give it ${expected}.`);
  if (!valid(value)) throw new ConfigError(`${name} is not ${expected}.`);
  return value;
}

const isUrl = (v: string) => Value.Check(url, v);
const isPort = (v: string) => /^\d+$/.test(v) && Number(v) > 0 && Number(v) < 65536;
const isSocketAddress = (v: string) => {
  const [, host, port] = /^\[?([^\]]+)\]?:(\d+)$/.exec(v) ?? [];
  return isIP(host ?? '') !== 0 && isPort(port ?? '');
};
const isKey = (v: string) => key.test(v);
const isCount = (v: string, most: number) => /^[1-9]\d*$/.test(v) && Number(v) <= most;
/** What a comma-separated variable lists. */
const listOf = (v: string) => (v === 'none' ? [] : v.split(',').map((part) => part.trim()));
const anything = () => true;
const withoutSlash = (v: string) => v.replace(/\/+$/, '');

const postgresUrl = (env: Environment, name: string): string =>
  variable(
    env,
    name,
    'a Postgres URL (postgres://user:password@host:port/database)',
    (v) => /^postgres(ql)?:\/\//.test(v) && URL.canParse(v),
  );

/** The database alone, for programs that need nothing else. */
export const databaseUrl = (env: Environment): string => postgresUrl(env, 'USHER_DATABASE_URL');

/** For migrations: the database as its owner, and as the run role if that is another. */
export function migrationUrls(env: Environment): { owner: string; run?: string } {
  const run = databaseUrl(env);
  const name = 'USHER_MIGRATE_DATABASE_URL';
  if (!env[name] && !env[`${name}_FILE`]) return { owner: run };
  return { owner: postgresUrl(env, name), run };
}

/**
 * Reads `smtps://user:password@host:port`, or `smtp://…`, which begins TLS by STARTTLS. Only with `?tls=off`, or on this
 * machine, does it go without, and a password goes to no other machine without it.
 *
 * @returns undefined when it is no such URL
 */
function smtpServer(text: string): SmtpServer | undefined {
  const url = URL.parse(text);
  if (!url || !/^smtps?:$/.test(url.protocol) || !url.hostname || /[^/]/.test(url.pathname) || url.hash) return;
  const isImplicit = url.protocol === 'smtps:';
  const isLocal = isLoopback(url.hostname);
  const isOff = url.search === '?tls=off';
  if ((url.search && (!isOff || isImplicit)) || Boolean(url.username) !== Boolean(url.password)) return;
  if (isOff && url.username && !isLocal) return;
  try {
    return {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: Number(url.port) || (isImplicit ? 465 : 587),
      tls: isImplicit ? 'implicit' : isOff || isLocal ? 'off' : 'starttls',
      ...(url.username && {
        auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) },
      }),
    };
  } catch {
    return;
  }
}

const issuerUrl = (env: Environment): string =>
  variable(env, 'USHER_ISSUER', "the OpenID Connect provider's issuer URL", isUrl);

/** Whether OpenTelemetry's SDK is to be started: there is somewhere to send traces to. */
const wantsTraces = (env: Environment): boolean =>
  env.OTEL_SDK_DISABLED !== 'true' &&
  Boolean(env.OTEL_EXPORTER_OTLP_ENDPOINT || env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT);
const furtherProviders = Type.Array(
  Type.Object(
    {
      id: Type.String({ pattern: '^[a-z0-9](-?[a-z0-9]){0,39}$' }),
      name: Type.String({ minLength: 1, maxLength: 60 }),
      issuer: Type.String({ maxLength: 500 }),
      clientId: Type.String({ minLength: 1, maxLength: 500 }),
      clientSecret: Type.String({ minLength: 1, maxLength: 5_000 }),
      everywhere: Type.Optional(Type.Boolean()),
      hidden: Type.Optional(Type.Boolean()),
      domains: Type.Optional(Type.Array(Type.String(), { minItems: 1, maxItems: 100 })),
    },
    { additionalProperties: false },
  ),
  { maxItems: 1_000 },
);

/** Reads the providers besides that of `USHER_ISSUER`. @returns undefined when they are not as they must be */
function readProviders(text: string, issuer: string): ProviderSettings[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return;
  }
  if (!Value.Check(furtherProviders, parsed)) return;
  const providers = parsed.map(({ everywhere = false, hidden = !everywhere, domains = [], ...provider }) => ({
    ...{ ...provider, everywhere, hidden },
    domains: domains.map((domain) => mailDomain(domain) ?? ''),
  }));
  const issuers = [issuer, ...providers.map((provider) => provider.issuer)];
  const isGood = providers.every(
    (provider, i) =>
      isIssuer(provider.issuer) &&
      !isAmong(provider.issuer, issuers.slice(0, i + 1)) &&
      provider.id !== mainProvider &&
      providers.findIndex(({ id }) => id === provider.id) === i &&
      !provider.domains.includes(''),
  );
  return isGood ? providers : undefined;
}

function otherProviders(env: Environment): ProviderSettings[] {
  const issuer = issuerUrl(env);
  const text = variable(
    env,
    'USHER_PROVIDERS',
    'a JSON list of {"id", "name", "issuer", "clientId", "clientSecret"} and, if wanted, "everywhere", "hidden", "domains", each id and issuer once (docs/sign-in.md)',
    (v) => readProviders(v, issuer) !== undefined,
    '[]',
  );
  return readProviders(text, issuer)!;
}

/** The issuers whose accounts count in every organization, for programs that ask them nothing. */
export const installationIssuers = (env: Environment): string[] => [issuerUrl(env), ...issuersOf(otherProviders(env))];

/**
 * Reads and checks the environment. Nothing else in Usher reads it, but for Temporal's own variables (TEMPORAL_ADDRESS
 * and so on), which the SDK's `@temporalio/envconfig` reads, and OpenTelemetry's (OTEL_…), which its SDK reads.
 *
 * @throws ConfigError naming the first bad variable and what it should be
 */
export function readConfig(env: Environment): Config {
  const publicUrl = withoutSlash(
    variable(env, 'USHER_PUBLIC_URL', 'the http(s) URL under which people reach Usher', isUrl),
  );
  const metricsAddress = variable(
    env,
    'USHER_METRICS_ADDRESS',
    'an IP address and a port, such as 127.0.0.1:9464, or none',
    (v) => v === 'none' || isSocketAddress(v),
    'none',
  );
  const metricsToken = variable(
    env,
    'USHER_METRICS_TOKEN',
    'a secret of at least 16 letters, digits and the like, or none',
    (v) => v === 'none' || /^[!-~]{16,}$/.test(v),
    'none',
  );
  const providers = [
    mainSettings({
      issuer: issuerUrl(env),
      clientId: variable(env, 'USHER_CLIENT_ID', "Usher's client id at the OpenID Connect provider", anything),
      clientSecret: variable(
        env,
        'USHER_CLIENT_SECRET',
        "Usher's client secret at the OpenID Connect provider",
        anything,
      ),
      name: variable(env, 'USHER_ISSUER_NAME', 'at most 60 characters', (v) => v.length <= 60, '') || undefined,
    }),
    ...otherProviders(env),
  ];
  const smtp = smtpServer(
    variable(
      env,
      'USHER_SMTP_URL',
      'a mail server as smtps://user:password@host:465 or smtp://user:password@host:587 (smtp://host?tls=off without TLS, and then without a password), or none',
      (v) => v === 'none' || smtpServer(v) !== undefined,
      'none',
    ),
  );
  const mailRate = variable(
    env,
    'USHER_MAIL_RATE',
    'a number of messages a second, 1 to 100000, or none',
    (v) => v === 'none' || isCount(v, 100_000),
    'none',
  );
  const temporalUi = variable(
    env,
    'USHER_TEMPORAL_UI_URL',
    "the http(s) URL of Temporal's UI, or none",
    (v) => v === 'none' || isUrl(v),
    'none',
  );
  const feedbackPassword = variable(
    env,
    'USHER_FEEDBACK_PASSWORD',
    '20 to 200 letters, digits, hyphens and underscores (openssl rand -hex 24), or empty',
    (v) => /^([\w-]{20,200})?$/.test(v),
    '',
  );
  return {
    databaseUrl: databaseUrl(env),
    publicUrl,
    // There are two of that name, and a server for each would be one too many to end in order.
    host: variable(env, 'USHER_HOST', 'an address to listen on', anything, '127.0.0.1').replace(
      /^localhost$/,
      '127.0.0.1',
    ),
    port: Number(variable(env, 'USHER_PORT', 'a port (1 to 65535)', isPort, '8080')),
    linkKeys: variable(
      env,
      'USHER_LINK_KEYS',
      'one or more keys of 32 bytes in base64, comma-separated, newest first (openssl rand -base64 32)',
      (v) => v.split(',').every(isKey),
    )
      .split(',')
      .map((k) => Buffer.from(k, 'base64')),
    cookieKey: Buffer.from(
      variable(env, 'USHER_COOKIE_KEY', 'a key of 32 bytes in base64 (openssl rand -base64 32)', isKey),
      'base64',
    ),
    limitFactor: Number(
      variable(
        env,
        'USHER_LIMIT_FACTOR',
        'a number from 0.01 to 10000',
        (v) => /^\d+(\.\d+)?$/.test(v) && Number(v) >= 0.01 && Number(v) <= 10_000,
        '1',
      ),
    ),
    trustedProxies: listOf(
      variable(
        env,
        'USHER_TRUSTED_PROXIES',
        'none, or addresses and networks (10.0.0.0/8), comma-separated',
        (v) =>
          listOf(v).every(
            (part) => ipaddr.isValidCIDR(part) || ipaddr.IPv4.isValidFourPartDecimal(part) || ipaddr.IPv6.isValid(part),
          ),
        'none',
      ),
    ),
    providers,
    audience: variable(
      env,
      'USHER_AUDIENCE',
      'an audience of its own: ID tokens carry the client id, and must not pass for bearer tokens',
      (v) => providers.every(({ clientId }) => v !== clientId),
      publicUrl,
    ),
    mail: {
      url: withoutSlash(
        variable(env, 'USHER_POSTMARK_URL', "the URL of Postmark's API", isUrl, 'https://api.postmarkapp.com'),
      ),
      token: variable(env, 'USHER_POSTMARK_TOKEN', 'a Postmark server token', anything, smtp && ''),
      smtp,
      perSecond: mailRate === 'none' ? undefined : Number(mailRate),
      from: variable(env, 'USHER_MAIL_FROM', 'the sender address of emails', (v) => v.includes('@')),
      lookupPatienceMs:
        1000 *
        Number(
          variable(
            env,
            'USHER_MAIL_LOOKUP_PATIENCE',
            'a number of seconds, 15 or more',
            (v) => /^\d+$/.test(v) && Number(v) >= 15,
            '60',
          ),
        ),
    },
    feedbackPassword: feedbackPassword || undefined,
    buildId: variable(
      env,
      'USHER_BUILD_ID',
      'at most 100 letters, digits, dots and hyphens',
      (v) => /^[\w.-]{0,100}$/.test(v),
      '',
    ),
    retentionDays: Number(
      variable(
        env,
        'USHER_RETENTION_DAYS',
        'a number of days, 0 to 36500',
        (v) => /^\d{1,5}$/.test(v) && Number(v) <= 36_500,
        '365',
      ),
    ),
    webhookNetworks: listOf(
      variable(
        env,
        'USHER_WEBHOOK_NETWORKS',
        'none, or networks (10.0.0.0/8), comma-separated',
        (v) => listOf(v).every((part) => ipaddr.isValidCIDR(part)),
        'none',
      ),
    ),
    logLevel: variable(
      env,
      'USHER_LOG_LEVEL',
      'one of fatal, error, warn, info, debug, trace, silent',
      (v) => ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'].includes(v),
      'info',
    ),
    metricsAddress: metricsAddress === 'none' ? undefined : metricsAddress,
    metricsToken: metricsToken === 'none' ? undefined : metricsToken,
    tracing: wantsTraces(env),
    temporalUi: temporalUi === 'none' ? undefined : withoutSlash(temporalUi),
  };
}
