import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { pino } from 'pino';
import { createSignIn, type SignIn, type SignInChecks, SignInRefused } from '../../identity/oidc.ts';
import { type ProviderOptions, type RunningProvider, startProvider } from '../../identity/provider/start-provider.ts';
import { freePort } from '../../local/ports.ts';
import { emptyDatabase } from '../setup/database.ts';

export const password = 'correct horse battery';

/** Everything a sign-in needs: Postgres, a mail service, the provider, and an app that signs people in. */
export interface World {
  databaseUrl: string;
  mail: Mail;
  provider: RunningProvider;
  app: App;
  options: ProviderOptions;
  /** Stops the provider and starts it again on the same database. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export async function startWorld(): Promise<World> {
  const { url: databaseUrl } = await emptyDatabase();
  const mail = await startMail();
  const issuer = `http://127.0.0.1:${await freePort()}`;
  const app = await startApp(issuer);
  const options: ProviderOptions = {
    issuer,
    host: '127.0.0.1',
    port: Number(new URL(issuer).port),
    databaseUrl,
    client: app.client,
    mail: { url: mail.url, token: 'token', from: 'identity@usher.test' },
    logger: pino({ level: 'error' }),
  };
  const world: World = {
    databaseUrl,
    mail,
    app,
    options,
    provider: await startProvider(options),
    async restart() {
      await world.provider.close();
      world.provider = await startProvider(options);
    },
    async close() {
      await world.provider.close();
      await app.close();
      await mail.close();
    },
  };
  return world;
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const closeServer = (server: Server) => {
  server.closeAllConnections();
  return new Promise<void>((resolve) => server.close(() => resolve()));
};

interface Mail {
  url: string;
  /** What was posted to /email, oldest first. */
  sent: { To: string; From: string; Subject: string; TextBody: string; HtmlBody: string; token: string }[];
  /** While true, every email is refused. */
  down: boolean;
  /** The code in the last email to an address. */
  codeFor(address: string): string;
  close(): Promise<void>;
}

async function startMail(): Promise<Mail> {
  const server = createServer(async (request, response) => {
    const body = JSON.parse(await text(request));
    response.setHeader('content-type', 'application/json');
    if (mail.down || request.url !== '/email') {
      response.statusCode = 503;
      return response.end('{"ErrorCode": 100, "Message": "down for maintenance"}');
    }
    mail.sent.push({ ...body, token: request.headers['x-postmark-server-token'] });
    return response.end('{"ErrorCode": 0, "Message": "OK", "MessageID": "1"}');
  });
  const mail: Mail = {
    url: await listen(server),
    sent: [],
    down: false,
    codeFor(address) {
      const email = mail.sent.findLast(({ To }) => To === address);
      return email?.TextBody.match(/\b\d{6}\b/)?.[0] ?? `no email was sent to ${address}`;
    },
    close: () => closeServer(server),
  };
  return mail;
}

interface App {
  url: string;
  client: ProviderOptions['client'];
  signIn: SignIn;
  /** Lets a test change what the app remembered, before the callback. */
  tamper: (checks: SignInChecks) => SignInChecks;
  close(): Promise<void>;
}

/**
 * The smallest app that signs people in: `/sign-in?hint=&prompt=`, `/sign-in/callback`, `/sign-out`, and `/`, which tells
 * who is signed in. On `localhost`, while the provider is on `127.0.0.1`: another site, for a browser.
 */
async function startApp(issuer: string): Promise<App> {
  const begun = new Map<string, SignInChecks>();
  let idToken: string | undefined;

  const server = createServer(async (request, response) => {
    const url = new URL(request.url!, app.url);
    const redirect = (to: string) => response.writeHead(303, { location: to }).end();
    const show = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    try {
      if (url.pathname === '/sign-in') {
        const { url: to, ...checks } = await app.signIn.begin({
          ...(url.searchParams.has('hint') && { loginHint: url.searchParams.get('hint')! }),
          ...(url.searchParams.has('prompt') && { prompt: url.searchParams.get('prompt') as 'login' | 'create' }),
        });
        begun.set(checks.state, checks);
        response.setHeader('set-cookie', `login=${checks.state}; HttpOnly; SameSite=Lax; Path=/`);
        return redirect(to);
      }
      if (url.pathname === '/sign-in/callback') {
        const state = request.headers.cookie?.match(/login=([^;]*)/)?.[1] ?? '';
        const done = await app.signIn.complete(url, app.tamper(begun.get(state)!));
        idToken = done.idToken;
        return show(200, done.identity);
      }
      if (url.pathname === '/sign-out')
        return redirect((await app.signIn.endSessionUrl({ idToken: idToken!, returnTo: `${app.url}/` }))!);
      return show(200, { at: url.pathname });
    } catch (error) {
      return show(403, error instanceof SignInRefused ? { refused: error.code } : { failed: String(error) });
    }
  });
  const url = (await listen(server)).replace('127.0.0.1', 'localhost');
  const client = {
    id: 'usher',
    secret: 'a secret with / and +',
    redirectUris: [`${url}/sign-in/callback`],
    postLogoutRedirectUris: [`${url}/`],
  };
  const app: App = {
    url,
    client,
    signIn: createSignIn({
      issuer,
      clientId: client.id,
      clientSecret: client.secret,
      redirectUri: client.redirectUris[0]!,
    }),
    tamper: (checks) => checks,
    close: () => closeServer(server),
  };
  return app;
}
