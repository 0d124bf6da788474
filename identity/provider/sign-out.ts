import type { KoaContextWithOIDC } from 'oidc-provider';
import { findAccount } from './account.ts';
import type { Database } from './database.ts';
import { type App, messagePage, signOutPage } from './pages.ts';

/**
 * RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0, section 2). No question is asked if the ID token in the request is of the account that is signed in: then the
 * request comes from an app that this person signed in to.
 */
export async function askToSignOut(ctx: KoaContextWithOIDC, form: string, db: Database): Promise<void> {
  const { session, entities } = ctx.oidc;
  if (entities.IdTokenHint?.payload.sub === session?.accountId) {
    await session!.destroy();
    ctx.cookies.set(ctx.oidc.provider.cookieName('session'), null);
    ctx.redirect(afterLogout(ctx));
    return;
  }
  const account = await findAccount(db, session!.accountId!);
  ctx.body = String(await signOutPage({ email: account?.email, form, formId: 'op.logoutForm' }));
}

/** Where nobody is signed in there is nothing to end; oidc-provider would answer with a page that submits itself by a script. */
export function skipEmptySignOut(ctx: KoaContextWithOIDC): void {
  if (ctx.oidc.route === 'end_session' && ctx.status === 200 && !ctx.oidc.session?.accountId)
    ctx.redirect(afterLogout(ctx));
}

/** The return address, which oidc-provider has checked against the registered ones, with the app's `state`. */
function afterLogout({ oidc }: KoaContextWithOIDC): string {
  const { post_logout_redirect_uri: target, state } = oidc.params as Record<string, string | undefined>;
  if (!target) return oidc.urlFor('end_session_success');
  const url = new URL(target);
  if (state !== undefined) url.searchParams.set('state', state);
  return url.href;
}

/** Where oidc-provider leaves people whom no app wants back. */
export async function showSignedOut(ctx: KoaContextWithOIDC, app: App): Promise<void> {
  ctx.body = String(await messagePage({ title: 'You are signed out', text: 'You can close this page.', app }));
}
