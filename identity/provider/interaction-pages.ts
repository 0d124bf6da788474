import { readFile } from 'node:fs/promises';
import formbody from '@fastify/formbody';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { errors, type InteractionResults, type Provider } from 'oidc-provider';
import type { BaseLogger } from 'pino';
import { Type } from 'typebox';
import { mailboxOf } from '../mailbox.ts';
import { type Account, createAccount, findAccount, signIn } from './account.ts';
import type { Database } from './database.ts';
import { hasCode, sendCode, verifyEmail } from './email-code.ts';
import type { Mailer } from './mailer.ts';
import {
  type App,
  expiredPage,
  failurePage,
  messagePage,
  type Problems,
  signInPage,
  signUpPage,
  verifyPage,
} from './pages.ts';

/** Where oidc-provider sends people when it needs something of them; the interaction's cookie is bound to this path. */
export const interactionPath = (uid: string): string => `/interaction/${uid}`;

/** Whether a request is for these pages; all others are oidc-provider's. */
export const isPage = (url: string): boolean => /^\/($|\?|interaction\/|assets\/)/.test(url);

const form = <T extends Parameters<typeof Type.Object>[0]>(fields: T) =>
  Type.Object(fields, { additionalProperties: false });
const text = (maxLength: number) => Type.String({ maxLength });

const params = Type.Object({ uid: Type.String() });
const signInForm = form({ email: text(320), password: text(200) });
const signUpForm = form({
  name: Type.String({ maxLength: 100, pattern: '^\\P{Cc}*$' }),
  email: text(320),
  password: text(200),
});
const codeForm = form({ code: text(20) });

const passwordMinimum = 8;

/**
 * The pages that people see: sign in, sign up, verify an address.
 *
 * What each one settles goes back to oidc-provider as a result (`login`, `create`, `verify`), and its policy decides
 * whether another page is needed. No page needs a token against forged posts: the cookie that names the interaction is
 * SameSite=Lax, and its id, which nobody else can guess, is part of the path.
 */
export function interactionPages(
  fastify: FastifyInstance,
  o: {
    provider: Provider;
    db: Database;
    mailer: Mailer;
    app: App;
    headers: Record<string, string>;
    logger: BaseLogger;
  },
): void {
  const { provider, db, mailer, app } = o;
  const pages = fastify.withTypeProvider<TypeBoxTypeProvider>();
  pages.register(formbody);

  pages.addHook('onRequest', async (_, reply) => {
    reply.headers({ ...o.headers, 'cache-control': 'no-store' });
  });

  pages.setErrorHandler<FastifyError>((error, _, reply) => {
    if (error instanceof errors.SessionNotFound) return send(reply.code(400), expiredPage(app));
    const status = error.statusCode ?? 500;
    if (status < 500)
      return send(
        reply.code(status),
        messagePage({ title: 'That did not work', text: 'The form did not come as this page made it.', app }),
      );
    o.logger.error({ err: error }, 'a page of the identity provider failed');
    return send(reply.code(status), failurePage(app));
  });

  pages.setNotFoundHandler((_, reply) =>
    send(reply.code(404), messagePage({ title: 'Page not found', text: 'There is no such page here.', app })),
  );

  /** The interaction that the browser's cookie names, and who is signed in already. @throws errors.SessionNotFound */
  async function enter(request: FastifyRequest, reply: FastifyReply) {
    const interaction = await provider.interactionDetails(request.raw, reply.raw);
    const account = interaction.session && (await findAccount(db, interaction.session.accountId));
    const hint = interaction.params.login_hint;
    return {
      interaction,
      account,
      hint: typeof hint === 'string' ? hint : '',
      place: { base: interactionPath(interaction.uid), app },
    };
  }

  /** Hands a result to oidc-provider, and the browser with it. */
  async function finish(request: FastifyRequest, reply: FastifyReply, result: InteractionResults) {
    if (result.login) await leaveOtherAccount(request, reply, result.login.accountId);
    return reply.redirect(await provider.interactionResult(request.raw, reply.raw, result), 303);
  }

  /**
   * Ends the session of another account, if the browser has one. oidc-provider would do so too, but with a page that
   * submits itself by a script.
   */
  async function leaveOtherAccount(request: FastifyRequest, reply: FastifyReply, subject: string) {
    const session = await provider.Session.get(provider.createContext(request.raw, reply.raw));
    if (!session.accountId || session.accountId === subject) return;
    const { interaction } = await enter(request, reply);
    await session.destroy();
    interaction.session = undefined;
    await interaction.persist();
  }

  const signedIn = async (request: FastifyRequest, reply: FastifyReply, account: Account) => {
    if (!account.emailVerified && !(await hasCode(db, account))) await sendCode(db, mailer, account);
    // Whoever was asked to sign up and signs in instead has answered that prompt too.
    return finish(request, reply, { login: { accountId: account.subject }, create: {} });
  };

  pages.get('/', (_, reply) =>
    send(
      reply,
      messagePage({ title: 'Nothing to do here', text: `${app.name} sends people here when they sign in.`, app }),
    ),
  );

  pages.get('/interaction/:uid', { schema: { params } }, async (request, reply) => {
    const { interaction, place } = await enter(request, reply);
    const page = { login: 'sign-in', create: 'sign-up', verify: 'verify' }[interaction.prompt.name] ?? 'sign-in';
    return reply.redirect(`${place.base}/${page}`, 303);
  });

  pages.post('/interaction/:uid/cancel', { schema: { params } }, (request, reply) =>
    finish(request, reply, { error: 'access_denied', error_description: 'the person turned back' }),
  );

  pages.get('/interaction/:uid/sign-in', { schema: { params } }, async (request, reply) => {
    const { place, hint, account } = await enter(request, reply);
    return send(reply, signInPage({ ...place, email: hint, signedIn: account?.email }));
  });

  pages.post('/interaction/:uid/sign-in', { schema: { params, body: signInForm } }, async (request, reply) => {
    const { place, account } = await enter(request, reply);
    const { email, password } = request.body;
    const again = (status: number, problems: Problems<'email' | 'password'>) =>
      send(reply.code(status), signInPage({ ...place, email, signedIn: account?.email, problems }));

    const mailbox = mailboxOf(email.trim());
    if (!mailbox) return again(422, { email: 'Enter an email address, like name@example.com.' });
    const result = await signIn(db, { mailbox, password });
    if (result === 'limited')
      return again(429, { form: 'Too many wrong passwords for this address. Try again in 15 minutes.' });
    if (result === 'wrong') return again(422, { form: 'The email address or the password is wrong.' });
    return signedIn(request, reply, result);
  });

  pages.get('/interaction/:uid/sign-up', { schema: { params } }, async (request, reply) => {
    const { place, hint } = await enter(request, reply);
    return send(reply, signUpPage({ ...place, email: hint }));
  });

  pages.post('/interaction/:uid/sign-up', { schema: { params, body: signUpForm } }, async (request, reply) => {
    const { place } = await enter(request, reply);
    const { password } = request.body;
    const name = request.body.name.trim();
    const email = request.body.email.trim();
    const mailbox = mailboxOf(email);
    const problems: Problems<'name' | 'email' | 'password'> = {
      ...(!name && { name: 'Enter your name.' }),
      ...(!mailbox && { email: 'Enter an email address, like name@example.com.' }),
      ...([...password].length < passwordMinimum && { password: 'The password needs at least 8 characters.' }),
    };
    const account =
      mailbox && Object.keys(problems).length === 0
        ? await createAccount(db, { email, mailbox, name, password })
        : undefined;
    if (account) return signedIn(request, reply, account);
    if (Object.keys(problems).length === 0)
      problems.email = 'This address has an account already. Sign in with it, or use another address.';
    return send(reply.code(422), signUpPage({ ...place, name, email, problems }));
  });

  /** Like `enter`, for the pages that need someone signed in, whose address is not verified yet. */
  async function enterVerify(request: FastifyRequest, reply: FastifyReply) {
    const entered = await enter(request, reply);
    if (!entered.account) throw new errors.SessionNotFound('nobody is signed in');
    return { ...entered, account: entered.account };
  }

  pages.get('/interaction/:uid/verify', { schema: { params } }, async (request, reply) => {
    const { place, account } = await enterVerify(request, reply);
    if (account.emailVerified) return finish(request, reply, { verify: {} });
    const sent = request.query !== null && 'sent' in (request.query as object);
    return send(reply, verifyPage({ ...place, email: account.email, codeOut: await hasCode(db, account), sent }));
  });

  pages.post('/interaction/:uid/verify', { schema: { params, body: codeForm } }, async (request, reply) => {
    const { place, account } = await enterVerify(request, reply);
    const result = account.emailVerified ? 'verified' : await verifyEmail(db, account, request.body.code);
    if (result === 'verified') return finish(request, reply, { verify: {} });
    const codeOut = result === 'wrong';
    const problems: Problems<'code'> = codeOut
      ? { code: 'That is not the code we sent. Look again, or have a new one sent.' }
      : { form: 'This code works no longer: it has expired, or was mistyped too often. Have a new one sent.' };
    return send(reply.code(422), verifyPage({ ...place, email: account.email, codeOut, problems }));
  });

  pages.post('/interaction/:uid/verify/send', { schema: { params } }, async (request, reply) => {
    const { place, account } = await enterVerify(request, reply);
    const result = await sendCode(db, mailer, account);
    if (result === 'sent') return reply.redirect(`${place.base}/verify?sent`, 303);
    const form =
      result === 'limited'
        ? 'Too many codes were sent to this address. Try again in an hour.'
        : 'The email could not be sent. Try again in a moment.';
    return send(
      reply.code(result === 'limited' ? 429 : 503),
      verifyPage({ ...place, email: account.email, codeOut: await hasCode(db, account), problems: { form } }),
    );
  });

  pages.post('/interaction/:uid/verify/later', { schema: { params } }, async (request, reply) => {
    await enterVerify(request, reply);
    return finish(request, reply, { verify: {} });
  });

  asset('provider.css', 'text/css; charset=utf-8');
  asset('icon.svg', 'image/svg+xml');

  function asset(name: string, type: string) {
    const content = readFile(new URL(name, import.meta.url));
    pages.get(`/assets/${name}`, async (_, reply) =>
      reply
        .type(type)
        .header('cache-control', 'max-age=300')
        .send(await content),
    );
  }
}

const send = async (reply: FastifyReply, page: ReturnType<typeof messagePage>) =>
  reply.type('text/html; charset=utf-8').send(String(await page));
