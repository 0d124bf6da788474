import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { findOrganizationById, type Organization } from '../../../db/organizations.ts';
import type { App, RouteDeps } from '../../deps.ts';
import { formTurn } from '../../idempotency.ts';
import { changeLogo, logoLimits, logoTimeoutMs, logoTypes, redraw } from '../../logos.ts';
import { changeOrganization, organizationBody, settingsVersion } from '../../organizations.ts';
import { sendPage } from '../../page.ts';
import type { Filled, FormError } from '../../pages/console/form.ts';
import {
  noticeWords,
  remindWords,
  type SettingsView,
  settingsPage,
  suspensionPage,
} from '../../pages/console/settings-page.ts';
import { Problem } from '../../problem.ts';
import { keepReason, requireReason } from '../../reason.ts';
import { ChangeOrganization, durationMs } from '../../schemas.ts';
import {
  besideNow,
  doneBefore,
  field,
  filledIn,
  formBody,
  formErrorOf,
  inputOf,
  listed,
  refused,
  ticked,
} from './form.ts';
import { enter, organizationPath, type Visit } from './visit.ts';

const settingsBody = Type.Object({
  ...formBody,
  version: field(60),
  name: field(200),
  homeUrl: field(2100),
  expiresIn: field(40),
  remind: field(20),
  reminders: field(200),
  timeZone: field(100),
  allowedDomains: field(35_000),
  blockedDomains: field(35_000),
  languages: field(2100),
  notices: ticked(20, 10),
});
const suspensionBody = Type.Object({
  ...formBody,
  suspended: Type.Union([Type.Literal('yes'), Type.Literal('no')]),
  reason: field(500),
});

const logoBody = Type.Object({ ...formBody, logo: Type.Optional(Type.Unknown()) });

const hour = 3_600_000;

/** A duration as people say it. */
const inWords = (iso: string): string => {
  const hours = durationMs(iso) / hour;
  const [unit, count] = hours % 24 === 0 ? ['day', hours / 24] : ['hour', hours];
  return new Intl.NumberFormat('en', { style: 'unit', unit, unitDisplay: 'long' }).format(count);
};

/** A time of a reminder as the form has it: days, or hours. */
const timeWords = (iso: string): string => {
  const hours = durationMs(iso) / hour;
  return hours % 24 === 0 ? String(hours / 24) : Number.isInteger(hours) ? `${hours}h` : iso;
};
/** What was filled in as ISO 8601; what cannot be read is refused as it is. */
const timeOfWords = (text: string): string =>
  text
    .toUpperCase()
    .replace(/^(\d{1,3})( ?D(AYS?)?)?$/, 'P$1D')
    .replace(/^(\d{1,4}) ?H(OURS?)?$/, 'PT$1H');

const settingsOf = (organization: Organization): SettingsView => {
  const body = organizationBody(organization);
  return {
    name: body.name,
    homeUrl: body.homeUrl ?? '',
    expiresIn: { value: body.expiresIn, text: inWords(body.expiresIn) },
    remind: body.reminders === null ? 'usual' : body.reminders.length === 0 ? 'never' : 'own',
    reminders: (body.reminders ?? []).map(timeWords).join(', '),
    timeZone: body.timeZone,
    allowedDomains: body.allowedDomains.join('\n'),
    blockedDomains: body.blockedDomains.join('\n'),
    languages: body.languages.join(', '),
    notices: body.notices.join(', '),
  };
};

/** The fields of a form with a file, which is bytes. @throws Problem `invalid_request` */
async function readForm(request: FastifyRequest, body: string | Buffer): Promise<Record<string, unknown>> {
  const type = request.headers['content-type']!;
  try {
    const fields = [...(await new Response(body, { headers: { 'content-type': type } }).formData())];
    return Object.fromEntries(
      await Promise.all(
        fields.map(async ([name, value]) => [
          name,
          typeof value === 'string' ? value : Buffer.from(await value.arrayBuffer()),
        ]),
      ),
    );
  } catch {
    throw new Problem('invalid_request', 'The form could not be read: choose the file again, and send it anew.');
  }
}

/** What an organization decides for itself, and its suspension. */
export function registerSettingsPages(app: App, deps: RouteDeps): void {
  const { db, cookies } = deps;

  const pathOf = (visit: Visit) => `${visit.frame.organization.path}/settings`;
  const pageOf = (visit: Visit, again: { filled?: Filled; error?: FormError } = {}) =>
    settingsPage({
      frame: visit.frame,
      settings: settingsOf(visit.organization),
      slug: visit.organization.slug,
      suspendedAt: visit.organization.suspended_at,
      version: settingsVersion(visit.organization),
      mayChange: visit.may('changeOrganization'),
      maySuspend: visit.may('suspendOrganization'),
      logoTypes,
      ...again,
    });

  app.get(
    '/console/:organization/settings',
    { schema: { hide: true, params: organizationPath } },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'readSettings');
      if (!visit) return reply;
      return sendPage(reply, pageOf(visit));
    },
  );

  app.post(
    '/console/:organization/settings',
    { schema: { hide: true, params: organizationPath, body: settingsBody }, preHandler: app.csrfProtection },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'changeOrganization');
      if (!visit) return reply;
      const { _csrf, _form, version, notices, ...fields } = request.body;
      const boxes = notices === undefined ? {} : { notices: [notices].flat().filter(Boolean).join(', ') };
      const filled = { ...fields, ...boxes };
      try {
        const changes = changesOf(settingsOf(visit.organization), filled);
        const { key, isDone } = await formTurn({ db, request, caller: visit.caller });
        if (isDone) return doneBefore(deps, reply, pathOf(visit));
        if (Object.keys(changes).length === 0) throw new Problem('invalid_request', 'Nothing is changed yet.');
        const input = inputOf(request, ChangeOrganization, 'body', changes);
        const act = { request: key, drawnFor: version };
        await changeOrganization(db, visit.organization.id, visit.standing, input, act);
      } catch (error) {
        const organization = (await findOrganizationById(db, visit.organization.id)) ?? visit.organization;
        const { expiresIn, ...now } = settingsOf(organization);
        const words = {
          expiresIn: expiresIn.text,
          remind: remindWords(now.remind),
          notices: noticeWords(now.notices),
        };
        const told = besideNow(error, filled, { ...now, expiresIn: expiresIn.value }, words);
        const again = { filled, error: formErrorOf(reply, told, { message: 'name' }) };
        return sendPage(reply, pageOf({ ...visit, organization }, again));
      }
      cookies.setNotice(reply, {
        kind: 'success',
        text: 'It is saved. It counts for what is invited or sent from now on.',
      });
      return reply.redirect(pathOf(visit), 303);
    },
  );

  // Browsers send files in forms of this kind alone.
  void app.register(async (scope) => {
    scope.addContentTypeParser('multipart/form-data', { parseAs: 'buffer' }, readForm);
    (scope as unknown as App).post(
      '/console/:organization/settings/logo',
      {
        bodyLimit: 2 * logoLimits.bytes,
        handlerTimeout: Math.max(logoTimeoutMs, deps.patienceMs ?? 0),
        schema: { hide: true, params: organizationPath, body: logoBody },
        preHandler: scope.csrfProtection,
      },
      async (request, reply) => {
        const visit = await enter(deps, request, reply, 'changeOrganization');
        if (!visit) return reply;
        const { logo } = request.body;
        try {
          if (!Buffer.isBuffer(logo) || logo.length === 0) throw refused('logo', 'Choose a picture first.');
          await changeLogo(db, visit.organization.id, visit.standing, await redraw(logo), request.id);
        } catch (error) {
          return sendPage(reply, pageOf(visit, { error: formErrorOf(reply, error) }));
        }
        cookies.setNotice(reply, { kind: 'success', text: 'It is the logo from now on.' });
        return reply.redirect(pathOf(visit), 303);
      },
    );
  });

  app.post(
    '/console/:organization/settings/logo/remove',
    {
      schema: { hide: true, params: organizationPath, body: Type.Object(formBody) },
      preHandler: app.csrfProtection,
    },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'changeOrganization');
      if (!visit) return reply;
      await changeLogo(db, visit.organization.id, visit.standing, null, request.id);
      cookies.setNotice(reply, { kind: 'success', text: 'It has no logo any more.' });
      return reply.redirect(pathOf(visit), 303);
    },
  );

  app.get(
    '/console/:organization/settings/suspension',
    { schema: { hide: true, params: organizationPath } },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'suspendOrganization');
      if (!visit) return reply;
      return sendPage(
        reply,
        suspensionPage({ frame: visit.frame, suspends: visit.organization.suspended_at === null }),
      );
    },
  );

  app.post(
    '/console/:organization/settings/suspension',
    { schema: { hide: true, params: organizationPath, body: suspensionBody }, preHandler: app.csrfProtection },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'suspendOrganization');
      if (!visit) return reply;
      const suspended = request.body.suspended === 'yes';
      try {
        const said = filledIn({ reason: request.body.reason });
        const { reason } = inputOf(request, ChangeOrganization, 'body', { suspended, ...said });
        requireReason(visit.standing, reason);
        const { key, isDone } = await formTurn({ db, request, caller: visit.caller });
        if (isDone) return doneBefore(deps, reply, pathOf(visit));
        const reasoned = { request: key, ...(await keepReason(db, reason)) };
        await changeOrganization(db, visit.organization.id, visit.standing, { suspended }, reasoned);
      } catch (error) {
        const refused = formErrorOf(reply, error);
        return sendPage(reply, suspensionPage({ frame: visit.frame, suspends: suspended, error: refused }));
      }
      cookies.setNotice(reply, {
        kind: 'success',
        text: suspended ? 'It is suspended.' : 'It is no longer suspended.',
      });
      return reply.redirect(pathOf(visit), 303);
    },
  );
}

/** What a form changes of the settings: what says what is so already is left out. */
function changesOf(now: SettingsView, filled: Partial<Record<keyof SettingsView, string>>) {
  const differs = (name: Exclude<keyof SettingsView, 'expiresIn'>, asked: string) =>
    filled[name] !== undefined && asked !== now[name];
  const { name = '', homeUrl = '', expiresIn, remind = 'usual' } = filled;
  const lines = (text = '') => listed(text.replace(/[\s,;]+/g, ','));
  const reminders = listed(filled.reminders ?? '');
  const languages = listed(filled.languages ?? '');
  const notices = listed(filled.notices ?? '');
  const [allowed, blocked] = [lines(filled.allowedDomains), lines(filled.blockedDomains)];
  const timeZone = filled.timeZone?.trim() || 'UTC';
  const own = remind === 'own';
  if (own && reminders.length === 0) throw refused('reminders', 'Write when, such as 3, 10; or choose Never above.');
  return {
    ...(differs('name', name.trim()) ? { name: name.trim() } : {}),
    ...(differs('homeUrl', homeUrl.trim()) ? { homeUrl: homeUrl.trim() || null } : {}),
    ...(expiresIn && expiresIn !== now.expiresIn.value ? { expiresIn } : {}),
    ...(differs('remind', remind) || (own && differs('reminders', reminders.join(', ')))
      ? { reminders: own ? reminders.map(timeOfWords) : remind === 'never' ? [] : null }
      : {}),
    ...(filled.timeZone !== undefined && timeZone !== now.timeZone ? { timeZone } : {}),
    ...(differs('allowedDomains', allowed.join('\n')) ? { allowedDomains: allowed } : {}),
    ...(differs('blockedDomains', blocked.join('\n')) ? { blockedDomains: blocked } : {}),
    ...(differs('languages', languages.join(', ')) ? { languages } : {}),
    ...(differs('notices', notices.join(', ')) ? { notices } : {}),
  };
}
