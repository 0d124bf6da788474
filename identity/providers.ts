import type { Claimant } from './invitee.ts';
import { sameIssuer } from './issuers.ts';
import { isInDomains } from './mail-domains.ts';
import { mailboxOf } from './mailbox.ts';
import { createSignIn, type SignIn } from './oidc.ts';

/** What Usher is told of an OpenID Connect provider. */
export interface ProviderSettings {
  /** Names it in URLs and cookies. */
  id: string;
  /** Names it to people. */
  name: string;
  /** Exactly as the provider writes it. */
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** Whether its accounts count in every organization; else only in the one that has registered its issuer. */
  everywhere: boolean;
  /** Whether it is offered only to those who have signed in there before: names of organizations can be a secret. */
  hidden: boolean;
  /** The domains of the addresses whose owners it knows, as of `mailDomain`; none: all. */
  domains: readonly string[];
}

/** What is believed of a provider. */
export type Trust = Pick<ProviderSettings, 'issuer' | 'everywhere' | 'domains'>;

/** A provider at which people sign in. */
export interface Provider extends Omit<ProviderSettings, 'clientId' | 'clientSecret'> {
  signIn: SignIn;
}

/** The provider whose accounts have always counted everywhere; where there is but one, it is this. */
export const mainProvider = 'main';

/** What is told of {@link mainProvider}. @param o.name @default its host */
export const mainSettings = (o: {
  issuer: string;
  clientId: string;
  clientSecret: string;
  name?: string | undefined;
}): ProviderSettings => ({
  ...o,
  id: mainProvider,
  name: o.name ?? new URL(o.issuer).host,
  everywhere: true,
  hidden: false,
  domains: [],
});

/**
 * The providers, none of which is asked anything yet.
 *
 * @param callbackUrl where {@link mainProvider} sends people back to; each of the others has a path of its own below it, so
 *   that what one sends is never taken for what another does (RFC 9700, section 4.4)
 * @param trustMs as of {@link createSignIn}
 */
export const createProviders = (
  settings: readonly ProviderSettings[],
  callbackUrl: string,
  trustMs?: number,
): Provider[] =>
  settings.map(({ clientId, clientSecret, ...provider }) => ({
    ...provider,
    signIn: createSignIn({
      issuer: provider.issuer,
      clientId,
      clientSecret,
      redirectUri: provider.id === mainProvider ? callbackUrl : `${callbackUrl}/${provider.id}`,
      ...(trustMs === undefined ? {} : { trustMs }),
    }),
  }));

/** The issuers whose accounts count in every organization. */
export const issuersOf = (providers: readonly Pick<Trust, 'issuer' | 'everywhere'>[]): string[] =>
  providers.filter(({ everywhere }) => everywhere).map(({ issuer }) => issuer);

/** The provider that has the issuer. */
export const providerOf = <T extends Pick<Provider, 'issuer'>>(
  providers: readonly T[],
  issuer: string,
): T | undefined => providers.find((provider) => sameIssuer(provider.issuer, issuer));

/** Whether a provider may say that an address is verified. */
export function vouchesFor({ domains }: Pick<Trust, 'domains'>, email: string): boolean {
  const mailbox = mailboxOf(email);
  return mailbox !== undefined && (domains.length === 0 || isInDomains(mailbox, domains));
}

/**
 * An account as far as its provider is believed now: what was recorded of it may be from before `domains` were set. Of an
 * issuer that is no provider an organization answers for itself.
 */
export function asBelieved<T extends Claimant>(account: T, providers: readonly Trust[]): T {
  const provider = providerOf(providers, account.issuer);
  const isBelieved = !provider || vouchesFor(provider, account.mailbox);
  return isBelieved ? account : { ...account, email_verified: false };
}
