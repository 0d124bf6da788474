import { randomUUID } from 'node:crypto';
import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { JWK } from 'jose';
import { Webhook } from 'standardwebhooks';
import { createUsher, UsherProblem, UsherUnreachable } from '../../client/index.ts';
import { createIssuer, type Person } from './issuer.ts';
import { type HomeView, homePage, signInPage, stylesheet } from './pages.ts';

export interface AppOptions {
  /** This app's own. */
  url: string;
  usher: string;
  /** The organization in Usher that is this app's. */
  organization: string;
  signingKey: JWK;
  /** With which Usher signs what it tells this app. */
  webhookSecret: string;
}

/** Of what Usher tells. */
interface Told {
  type: string;
  timestamp: string;
  data: { member?: { id: string; name: string; email: string; role: string } };
}

/** How long somebody stays signed in: a day's work. */
const sessionSeconds = 12 * 3_600;

/** What a form may hold. */
const text = (body: unknown, field: string): string => {
  const value = (body as Record<string, unknown> | undefined)?.[field];
  return typeof value === 'string' ? value.trim().slice(0, 500) : '';
};

/**
 * A web app that uses Usher, from its own pages and with its own sessions: whoever may invite does so here, whoever is invited
 * joins here. Each person calls Usher in their own name, with a token of this app; Usher decides what they may.
 */
export async function buildWebApp(o: AppOptions): Promise<FastifyInstance> {
  const app = Fastify({ forceCloseConnections: true });
  await app.register(cookie);
  await app.register(formbody);
  const { documents, tokenFor } = await createIssuer({ ...o, audience: o.usher });
  // As long as this process lives. An app with users has a table, and a password or an identity provider before it.
  const sessions = new Map<string, { person: Person; ends: number }>();
  // Who has joined, the newest first. In a database: where the id of a message is kept in the same transaction as what it changes.
  const joined: { name: string; role: string }[] = [];
  const taken = new Set<string>();
  const webhook = new Webhook(o.webhookSecret);
  const secure = o.url.startsWith('https:');
  // With that prefix browsers take it from this very host alone, over TLS alone. On this machine, a port tells apps apart.
  const cookieName = secure ? '__Host-workshop_session' : `workshop_${new URL(o.url).port}_session`;
  const path = { organization: o.organization };

  const usherAs = async (person: Person) => createUsher({ url: o.usher, apiKey: await tokenFor(person) });
  const sessionOf = (request: FastifyRequest) => request.cookies[cookieName] ?? '';
  const personOf = (request: FastifyRequest) => {
    const session = sessions.get(sessionOf(request));
    return session && session.ends > Date.now() ? session.person : undefined;
  };
  const show = async (reply: FastifyReply, page: ReturnType<typeof signInPage>) =>
    reply.type('text/html; charset=utf-8').send(String(await page));

  /** The page of somebody who is signed in, as Usher has them and their organization now. */
  const home = async (reply: FastifyReply, person: Person, notice?: HomeView['notice']) => {
    const usher = await usherAs(person);
    const [me, mine] = await Promise.all([usher.get('/v1/me'), usher.get('/v1/me/invitations')]);
    const membership = me.kind === 'account' && me.memberships.find((m) => m.organization === o.organization);
    const role = membership ? membership.role : undefined;
    const invites = role === 'owner' || role === 'admin';
    const pending = invites
      ? await usher.get('/v1/organizations/{organization}/invitations', {
          path,
          query: { state: 'pending', limit: 50 },
        })
      : undefined;
    return show(
      reply,
      homePage({ person, role, mine: mine.items, pending: pending?.items, joined, notice, turn: randomUUID() }),
    );
  };

  /** Does something in the name of whoever is signed in, and shows the page with what came of it. */
  const act = async (
    request: FastifyRequest,
    reply: FastifyReply,
    work: (usher: Awaited<ReturnType<typeof usherAs>>) => Promise<string>,
  ) => {
    const person = personOf(request);
    if (!person) return reply.redirect('/', 303);
    try {
      return await home(reply, person, { text: await work(await usherAs(person)), good: true });
    } catch (error) {
      if (error instanceof UsherProblem)
        return home(reply.status(error.status), person, {
          text: [error.title, error.detail].filter(Boolean).join(': '),
          good: false,
        });
      throw error;
    }
  };

  // Another site's form comes with its own origin, and with no cookie: `Lax`.
  app.addHook('preHandler', async (request, reply) => {
    const isForm = request.method === 'POST' && request.url !== '/webhooks';
    if (isForm && request.headers.origin !== o.url) return reply.status(403).send('Not from here.');
  });
  app.addHook('onSend', async (_request, reply) => {
    reply.headers({
      'content-security-policy':
        "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
      'cache-control': 'no-store',
    });
  });
  app.setErrorHandler((error, _request, reply) => {
    const isDown = error instanceof UsherUnreachable || (error instanceof UsherProblem && error.status >= 500);
    if (!isDown) console.error(error);
    // What was asked for may still happen; the page says what is.
    return reply.status(isDown ? 503 : 500).send(isDown ? 'Usher does not answer. Go back, and try again.' : 'Failed.');
  });

  await app.register(async (scope) => {
    // Signed are the bytes: what was parsed and written again may differ.
    scope.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => done(null, body));
    scope.post('/webhooks', async (request, reply) => {
      let told: Told;
      try {
        told = webhook.verify(request.body as string, request.headers as Record<string, string>) as Told;
      } catch {
        return reply.status(401).send('Not signed by Usher.');
      }
      // It may come again, if Usher did not hear that it was taken.
      const id = String(request.headers['webhook-id']);
      if (!taken.has(id)) {
        taken.add(id);
        const { member } = told.data;
        if (told.type === 'member.joined' && member) joined.unshift({ name: member.name, role: member.role });
      }
      return reply.status(204).send();
    });
  });

  for (const [document, content] of Object.entries(documents)) app.get(document, () => content);
  app.get('/app.css', (_request, reply) => reply.type('text/css; charset=utf-8').send(stylesheet));

  app.get('/', async (request, reply) => {
    const person = personOf(request);
    return person ? home(reply, person) : show(reply, signInPage());
  });

  app.post('/sign-in', async (request, reply) => {
    const [email, name] = [text(request.body, 'email').toLowerCase(), text(request.body, 'name')];
    if (!/^[^@\s]+@[^@\s]+$/.test(email)) return reply.redirect('/', 303);
    // Whoever types an address has it here. Never do so: Usher believes this app that it has made sure.
    const id = randomUUID();
    sessions.delete(sessionOf(request));
    sessions.set(id, {
      person: { email, name: name || email.split('@')[0]! },
      ends: Date.now() + sessionSeconds * 1_000,
    });
    return reply
      .setCookie(cookieName, id, { path: '/', httpOnly: true, sameSite: 'lax', secure, maxAge: sessionSeconds })
      .redirect('/', 303);
  });

  app.post('/sign-out', async (request, reply) => {
    sessions.delete(sessionOf(request));
    return reply.clearCookie(cookieName, { path: '/', secure }).redirect('/', 303);
  });

  app.post('/invite', (request, reply) =>
    act(request, reply, async (usher) => {
      const { email } = await usher.post('/v1/organizations/{organization}/invitations', {
        path,
        body: {
          email: text(request.body, 'email'),
          redirectUrl: `${o.url}/`,
          ...(text(request.body, 'license') ? { licenses: ['studio'] } : {}),
        },
        // Pressed twice, the form invites once.
        idempotencyKey: text(request.body, 'turn') || randomUUID(),
      });
      return `${email} is invited, and has an email.`;
    }),
  );

  for (const [verb, said] of [
    ['accept', 'Welcome. You are in.'],
    ['decline', 'You have declined.'],
  ] as const) {
    app.post<{ Params: { id: string } }>(`/invitations/:id/${verb}`, (request, reply) =>
      act(request, reply, async (usher) => {
        await usher.post(`/v1/invitations/{id}/${verb}`, { path: { id: request.params.id }, body: {} });
        return said;
      }),
    );
  }

  return app;
}
