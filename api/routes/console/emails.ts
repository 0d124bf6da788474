import { html } from 'hono/html';
import { Type } from 'typebox';
import { logoPath } from '../../../db/logos.ts';
import { findOrganizationById, type Organization } from '../../../db/organizations.ts';
import type { Wording } from '../../../languages/wording.ts';
import { type Language, languages } from '../../../languages/words.ts';
import { type InvitationEmail, invitationEmail } from '../../../mail/templates/invitation-email.ts';
import type { App, RouteDeps } from '../../deps.ts';
import { formTurn } from '../../idempotency.ts';
import { usualsOf } from '../../invitations.ts';
import { changeOrganization, columnsOf, settingsVersion } from '../../organizations.ts';
import { sendEmail, sendPage } from '../../page.ts';
import { type EmailsView, emailsPage, emailsPath } from '../../pages/console/emails-page.ts';
import type { Filled, FormError } from '../../pages/console/form.ts';
import { Problem } from '../../problem.ts';
import { ChangeOrganization, oneOf } from '../../schemas.ts';
import { besideNow, doneBefore, field, formBody, formErrorOf, inputOf } from './form.ts';
import { enter, organizationPath, type Visit } from './visit.ts';

const languagePath = Type.Object({ ...organizationPath.properties, language: oneOf(languages) });
/** With licences of an example, or without. */
const previewQuery = Type.Object({ licenses: Type.Optional(oneOf(['none'])) });
const emailsBody = Type.Object({
  ...formBody,
  version: field(60),
  senderName: field(200),
  replyTo: field(300),
  color: field(20),
  subject: field(300),
  greeting: field(300),
  body: field(4000),
});

const emailsOf = ({ sender_name, reply_to, color, wording }: Organization, language: Language): EmailsView => ({
  senderName: sender_name ?? '',
  replyTo: reply_to ?? '',
  color: color ?? '',
  subject: '',
  greeting: '',
  body: '',
  ...wording?.[language],
});

/** What a form changes of the settings: what says what is so already is left out. */
function changesOf(organization: Organization, language: Language, filled: Partial<EmailsView>) {
  const now = emailsOf(organization, language);
  const said = (name: keyof EmailsView) => filled[name]?.replaceAll('\r\n', '\n').trim() ?? now[name];
  const changed = (name: 'senderName' | 'replyTo' | 'color') =>
    said(name) === now[name] ? {} : { [name]: said(name) || null };
  const texts = (['subject', 'greeting', 'body'] as const).map((name) => [name, said(name)] as const);
  const wording: Wording = Object.fromEntries(texts.filter(([, text]) => text !== ''));
  return {
    ...changed('senderName'),
    ...changed('replyTo'),
    ...changed('color'),
    ...(texts.every(([name, text]) => text === now[name])
      ? {}
      : { wording: { ...organization.wording, [language]: wording } }),
  };
}

/** What is wrong with the wording is wrong with a field of this form. */
const besideField = (error: unknown): unknown =>
  error instanceof Problem && error.errors
    ? new Problem(
        error.code,
        error.detail,
        error.errors.map(({ path, ...rest }) => ({ ...rest, path: path.replace(/wording\/\w+\//, '') })),
      )
    : error;

/** How an organization's emails look, and what they say. */
export function registerEmailPages(app: App, deps: RouteDeps): void {
  const { db, cookies, links } = deps;

  const pageOf = (visit: Visit, language: Language, again: { filled?: Filled; error?: FormError } = {}) =>
    emailsPage({
      frame: visit.frame,
      language,
      emails: emailsOf(visit.organization, language),
      version: settingsVersion(visit.organization),
      mayChange: visit.may('changeOrganization'),
      ...again,
    });

  /** An invitation such as the organization would send, with settings that need not be saved. */
  const exampleOf = (
    { account, organization }: Visit,
    language: Language,
    settings: Partial<Organization>,
    licenses: InvitationEmail['licenses'] = [{ name: 'Studio', ended: false }],
  ) => {
    const { name, logo, color, wording, sender_name, reply_to } = { ...organization, ...settings };
    const email = invitationEmail({
      kind: 'invitation',
      organization: name,
      inviter: { name: account.name, email: account.email },
      role: 'member',
      licenses,
      url: '#',
      expiresAt: new Date(Date.now() + usualsOf(organization).expiresIn),
      email: 'grace@example.com',
      locale: language,
      replyTo: reply_to ?? undefined,
      looks: {
        color: color ?? undefined,
        logo: logo ? { url: links.page(logoPath(logo)), alt: name } : undefined,
      },
      wording: wording ?? undefined,
    });
    const above = [
      ['From', sender_name ? `${sender_name} (via Usher’s sender)` : 'Usher’s sender'],
      ['Answers go to', reply_to ?? `${account.name} <${account.email}>`],
      ['Subject', email.subject],
    ].map(([what, said]) => html`${what}: <strong>${said}</strong><br/>`);
    const head = html`<p style="background:#ffffff;color:#18181b;font-family:sans-serif;margin:0;padding:12px 16px">${above}</p>`;
    return email.html.replace(/<body[^>]*>/, (body) => `${body}${String(head)}`);
  };

  app.get(
    '/console/:organization/settings/emails/:language',
    { schema: { hide: true, params: languagePath } },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'readSettings');
      if (!visit) return reply;
      return sendPage(reply, pageOf(visit, request.params.language));
    },
  );

  app.post(
    '/console/:organization/settings/emails/:language',
    { schema: { hide: true, params: languagePath, body: emailsBody }, preHandler: app.csrfProtection },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'changeOrganization');
      if (!visit) return reply;
      const { language } = request.params;
      const path = emailsPath(visit.frame, language);
      const { _csrf, _form, version, ...filled } = request.body;
      try {
        const changes = changesOf(visit.organization, language, filled);
        const { key, isDone } = await formTurn({ db, request, caller: visit.caller });
        if (isDone) return doneBefore(deps, reply, path);
        if (Object.keys(changes).length === 0) throw new Problem('invalid_request', 'Nothing is changed yet.');
        const input = inputOf(request, ChangeOrganization, 'body', changes);
        await changeOrganization(db, visit.organization.id, visit.standing, input, { request: key, drawnFor: version });
      } catch (error) {
        const organization = (await findOrganizationById(db, visit.organization.id)) ?? visit.organization;
        const told = besideNow(besideField(error), filled, { ...emailsOf(organization, language) });
        const again = { filled, error: formErrorOf(reply, told, { message: 'body' }) };
        return sendPage(reply, pageOf({ ...visit, organization }, language, again));
      }
      cookies.setNotice(reply, { kind: 'success', text: 'It is saved. It counts for what is sent from now on.' });
      return reply.redirect(path, 303);
    },
  );

  // Framed by the page above, without rights of any kind: as it is saved, and as it is filled in.
  app.get(
    '/console/:organization/settings/emails/:language/email',
    { schema: { hide: true, params: languagePath } },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'readSettings');
      if (!visit) return reply;
      return sendEmail(reply, exampleOf(visit, request.params.language, {}), deps.publicUrl);
    },
  );

  app.post(
    '/console/:organization/settings/emails/:language/email',
    {
      schema: { hide: true, params: languagePath, querystring: previewQuery, body: emailsBody },
      preHandler: app.csrfProtection,
    },
    async (request, reply) => {
      const visit = await enter(deps, request, reply, 'changeOrganization');
      if (!visit) return reply;
      const { language } = request.params;
      const { _csrf, _form, version, ...filled } = request.body;
      try {
        const changes = changesOf(visit.organization, language, filled);
        const settings =
          Object.keys(changes).length > 0 ? columnsOf(inputOf(request, ChangeOrganization, 'body', changes)) : {};
        return sendEmail(reply, exampleOf(visit, language, settings, request.query.licenses && []), deps.publicUrl);
      } catch (error) {
        const { text, fields } = formErrorOf(reply, besideField(error), { message: 'body' });
        const why = [text, ...Object.values(fields).filter((one) => !text.includes(one))].join(' ');
        const refusal = html`<!doctype html><html lang="en"><head><title>No preview</title></head><body><p role="alert">${why}</p></body></html>`;
        return sendEmail(reply, String(refusal), deps.publicUrl);
      }
    },
  );
}
