import { type BounceType, bounceTypes } from '../bounce-types.ts';

/** Types after which Postmark sends an address nothing more: error 406 from then on. */
export const deactivates = (type: BounceType): boolean =>
  type === 'HardBounce' || type === 'SpamComplaint' || type === 'ManuallyDeactivated';

const byName = new Map(Object.keys(bounceTypes).map((type) => [type.toLowerCase(), type as BounceType]));

/**
 * What an address of Postmark's black hole bounces with (https://postmarkapp.com/support/article/1239-how-to-test-bounces):
 * its local part, in any case and with or without underscores, names the type; an unknown one is a hard bounce. Unlike
 * Postmark, which has no test address for complaints, the sandbox takes `spamcomplaint@` for one.
 *
 * @returns undefined for an address elsewhere
 */
export function testBounce(address: string): BounceType | undefined {
  const [local, domain] = address.toLowerCase().split('@');
  if (domain !== 'bounce-testing.postmarkapp.com') return undefined;
  return byName.get(local!.replaceAll('_', '')) ?? 'HardBounce';
}
