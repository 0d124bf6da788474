import { interactionPolicy } from 'oidc-provider';

const { Check, Prompt } = interactionPolicy;

/**
 * What is asked of people, in this order:
 *
 * - `create`, only on request: sign up (Initiating User Registration via OpenID Connect 1.0);
 * - `login`: oidc-provider's own prompt, and of a session whose account has been replaced since;
 * - `verify`: offer to verify the address. "Later" is an answer for this one sign-in, so the next one offers it again.
 *
 * There is no consent: Usher is the only client, and of the same house.
 */
export function promptPolicy(): interactionPolicy.DefaultPolicy {
  const policy = interactionPolicy.base();
  policy.remove('consent');
  policy.add(new Prompt({ name: 'create', requestable: true }), 0);
  policy
    .get('login')!
    .checks.add(
      new Check('account_gone', 'the account does not exist any more', ({ oidc }) =>
        Boolean(oidc.session?.accountId && !oidc.account),
      ),
    );
  policy.add(
    new Prompt(
      { name: 'verify' },
      new Check('email_unverified', 'the email address is not verified', ({ oidc }) =>
        Boolean(oidc.account && !oidc.account.emailVerified && !oidc.result?.verify),
      ),
    ),
  );
  return policy;
}
