/** The workflows a worker runs; workflow functions only. */
export { delivery } from './delivery.ts';
export { invitation } from './invitation.ts';
export { reconcile } from './reconcile.ts';
