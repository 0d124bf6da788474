import { env } from 'node:process';

/** How many sequences each layer takes; `npm run order` asks for more. */
const asked = env.USHER_ORDER_RUNS ? Number(env.USHER_ORDER_RUNS) : undefined;
export const runs = {
  chart: asked ? asked * 10 : 3_000,
  database: asked ?? 300,
  workflow: asked ?? 60,
};

/** Which sequences: the same ones each time in the suite; `npm run order` takes others. */
export const seed = Number(env.USHER_ORDER_SEED ?? 1);

/** Guards a long form against hanging, ms. */
export const longest = 12 * 3_600_000;
