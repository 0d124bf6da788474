/** Something on this machine stands in the way of a local run; the message is one sentence with the remedy. */
export class LocalError extends Error {
  override name = 'LocalError';
}
