import type { DeliveryInput } from './contract.ts';
import { sendDelivery } from './invitation.ts';

/** Carries out one delivery that no chart waits for, such as a note to the inviter. */
export async function delivery(input: DeliveryInput): Promise<void> {
  await sendDelivery(input);
}
