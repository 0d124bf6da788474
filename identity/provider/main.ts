import { pino } from 'pino';
import { ConfigError, variable as readVariable } from '../../config.ts';
import { type ProviderOptions, startProvider } from './start-provider.ts';

/**
 * The options from the environment.
 *
 * @throws ConfigError naming the first variable that is missing or wrong
 */
function readOptions(env: NodeJS.ProcessEnv): ProviderOptions {
  const variable = (name: string, what: string, valid: (value: string) => boolean = () => true, fallback?: string) =>
    readVariable(env, name, what, valid, fallback);
  const isHttp = (value: string) => /^https?:$/.test(URL.parse(value)?.protocol ?? '');
  const httpUrl = (name: string, what: string) => variable(name, what, isHttp).replace(/\/+$/, '');

  const usher = httpUrl('USHER_PUBLIC_URL', 'the http(s) URL under which people reach Usher');
  return {
    issuer: httpUrl('USHER_PROVIDER_ISSUER', 'the http(s) URL under which people reach this provider'),
    host: variable('USHER_PROVIDER_HOST', 'an address to listen on', undefined, '127.0.0.1'),
    port: Number(
      variable('USHER_PROVIDER_PORT', 'a port (1 to 65535)', (v) => /^[1-9]\d{0,4}$/.test(v) && Number(v) < 65536),
    ),
    databaseUrl: variable(
      'USHER_PROVIDER_DATABASE_URL',
      'the Postgres URL of a database of its own (postgres://user:password@host:port/database)',
      (v) => /^postgres(ql)?:\/\//.test(v) && URL.canParse(v),
    ),
    client: {
      id: variable('USHER_CLIENT_ID', "Usher's client id"),
      secret: variable('USHER_CLIENT_SECRET', "Usher's client secret"),
      redirectUris: [`${usher}/sign-in/callback`],
      postLogoutRedirectUris: [`${usher}/`],
    },
    mail: {
      url: httpUrl('USHER_POSTMARK_URL', "the URL of Postmark's API"),
      token: variable('USHER_POSTMARK_TOKEN', 'a Postmark server token'),
      from: variable('USHER_MAIL_FROM', 'the sender address of emails', (v) => v.includes('@')),
    },
  };
}

const logger = pino({ name: 'identity-provider' });
try {
  const provider = await startProvider({ ...readOptions(process.env), logger });
  logger.info({ issuer: provider.url }, 'the identity provider is ready');
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void provider.close());
} catch (error) {
  if (error instanceof ConfigError) logger.fatal(error.message);
  else logger.fatal({ err: error }, 'the identity provider did not start');
  process.exitCode = 1;
}
