import type { CookieSerializeOptions } from '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { InvitationId } from '../db/ids.ts';
import type { SignInChecks } from '../identity/oidc.ts';
import type { Notice } from './pages/notice.ts';

/** What is remembered in the browser while somebody signs in. */
export interface Login extends SignInChecks {
  /** The id of the provider that was asked; a version before there were several did not say. */
  provider?: string;
  invitation?: InvitationId;
  /** A path of ours to come back to, where it is no invitation's. Named by our routes, never by a request. */
  returnTo?: string;
}

/** The cookies of the pages. Values never reach a log; names carry no secret. */
export interface Cookies {
  csrfName: string;
  options: CookieSerializeOptions;
  session(request: FastifyRequest): string | undefined;
  setSession(reply: FastifyReply, id: string, expires: Date): void;
  clearSession(reply: FastifyReply): void;
  /** The link that brought this browser to an invitation. */
  link(request: FastifyRequest, id: InvitationId): string | undefined;
  setLink(request: FastifyRequest, reply: FastifyReply, id: InvitationId, token: string): void;
  login(request: FastifyRequest, state: string): Login | undefined;
  setLogin(request: FastifyRequest, reply: FastifyReply, login: Login): void;
  clearLogin(reply: FastifyReply, state: string): void;
  /** The id of the provider at which somebody last signed in here. */
  provider(request: FastifyRequest): string | undefined;
  setProvider(reply: FastifyReply, id: string): void;
  /** What the request before has done, to be said once: whoever reads it takes it away. */
  notice(request: FastifyRequest, reply: FastifyReply): Notice | undefined;
  setNotice(reply: FastifyReply, notice: Notice): void;
}

/** Browsers keep about 180 cookies a site, servers 16 KiB of headers. */
const linksKept = 20;
const loginsKept = 10;
/** As long as identity providers wait: signing up includes finding a code in the mail. */
const loginMinutes = 60;
/** A notice is for the page that comes next, s. */
const noticeSeconds = 60;

/**
 * Over https every cookie is `__Host-`: secure, of this host alone, for all paths. Over plain http, for local use, it
 * cannot be; then its name carries the port, which cookies ignore.
 */
export function createCookies(publicUrl: string): Cookies {
  const { protocol, port } = new URL(publicUrl);
  const secure = protocol === 'https:';
  const prefix = secure ? '__Host-usher_' : `usher_${port || '80'}_`;
  const options: CookieSerializeOptions = { path: '/', httpOnly: true, sameSite: 'lax', secure };
  const name = {
    session: `${prefix}session`,
    link: `${prefix}link_`,
    login: `${prefix}login_`,
    provider: `${prefix}provider`,
    notice: `${prefix}notice`,
  };

  const loginName = (state: string) => name.login + state.slice(0, 16).replace(/[^\w-]/g, '');
  /** Makes room: names of a kind beyond what is kept. Link names sort by age, since ids do. */
  const clearExcess = (request: FastifyRequest, reply: FastifyReply, start: string, kept: number, besides: string) => {
    const present = Object.keys(request.cookies).filter((n) => n.startsWith(start) && n !== besides);
    for (const old of present.sort().slice(0, Math.max(0, present.length - kept + 1))) reply.clearCookie(old, options);
  };

  const pack = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = <T>(request: FastifyRequest, cookie: string): T | undefined => {
    const raw = request.cookies[cookie];
    const { valid, value } = raw ? request.unsignCookie(raw) : { valid: false, value: null };
    return valid && value ? (JSON.parse(Buffer.from(value, 'base64url').toString()) as T) : undefined;
  };

  return {
    csrfName: `${prefix}csrf`,
    options,
    session: (request) => request.cookies[name.session],
    setSession: (reply, id, expires) => void reply.setCookie(name.session, id, { ...options, expires }),
    clearSession: (reply) => void reply.clearCookie(name.session, options),
    link: (request, id) => request.cookies[name.link + id],
    setLink(request, reply, id, token) {
      clearExcess(request, reply, name.link, linksKept, name.link + id);
      reply.setCookie(name.link + id, token, { ...options, maxAge: 90 * 86_400 });
    },
    login(request, state) {
      const login = signed<Login>(request, loginName(state));
      return login?.state === state ? login : undefined;
    },
    setLogin(request, reply, login) {
      const own = loginName(login.state);
      clearExcess(request, reply, name.login, loginsKept, own);
      reply.setCookie(own, pack(login), { ...options, signed: true, maxAge: loginMinutes * 60 });
    },
    clearLogin: (reply, state) => void reply.clearCookie(loginName(state), options),
    provider: (request) => signed<string>(request, name.provider),
    setProvider: (reply, id) =>
      void reply.setCookie(name.provider, pack(id), { ...options, signed: true, maxAge: 365 * 86_400 }),
    notice(request, reply) {
      if (request.cookies[name.notice] !== undefined) reply.clearCookie(name.notice, options);
      return signed<Notice>(request, name.notice);
    },
    setNotice: (reply, notice) =>
      void reply.setCookie(name.notice, pack(notice), { ...options, signed: true, maxAge: noticeSeconds }),
  };
}
