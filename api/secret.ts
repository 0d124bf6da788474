import { createHash, timingSafeEqual } from 'node:crypto';

const hashOf = (text: string) => createHash('sha256').update(text).digest();

/** Whether a text is the secret; how long that takes tells nothing of how much of it is right. */
export const isSecret = (given: string, secret: string): boolean => timingSafeEqual(hashOf(given), hashOf(secret));
