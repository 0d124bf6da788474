/** The workflows a worker runs; workflow functions only. */
export { acts, batch } from './batch.ts';
export { delivery } from './delivery.ts';
export { erasure } from './erasure.ts';
export { invitation } from './invitation.ts';
export { notices } from './notices.ts';
export { reconcile } from './reconcile.ts';
export { retention } from './retention.ts';
export { webhook } from './webhook.ts';
