import { setTimeout as sleep } from 'node:timers/promises';
import type { FailureResponse } from '../../mail/sandbox/settings.ts';
import type { PointName } from './crash-at.ts';
import { type Installation, linkNames, type PartName, type Server } from './installation.ts';
import type { LinkState } from './link.ts';
import type { Random } from './random.ts';

/** What faults work on. */
export interface Scene {
  usher: Installation;
  random: Random;
  /** Runs a part again, however often it takes. */
  up(name: PartName): Promise<void>;
  /** While it lasts nobody else sees to a part that is down. */
  holding<T>(names: readonly PartName[], work: () => Promise<T>): Promise<T>;
  /** Changes how the mail provider behaves for a while. */
  provider(settings: Parameters<Installation['mailIs']>[0]): Promise<void>;
  /** How long a fault lasts, ms. */
  shortly(): number;
  /** Lets the next few people come, one after the other: somebody must lead a program to the point at which it dies. */
  lure(): { stop(): void };
}

/** Something that goes wrong, and right again. */
export interface Fault {
  /** Crashes come one after the other, troubles also, and both at the same time. */
  kind: 'crash' | 'trouble';
  /** Whose hits are counted: each must be hit. */
  isPoint?: true;
  /** @returns whether it came to anything */
  strike(scene: Scene): Promise<boolean>;
}

/** Killed, and after a while started again. */
const killed = (name: PartName): Fault => ({
  kind: 'crash',
  strike: (scene) =>
    scene.holding([name], async () => {
      await scene.usher.kill(name);
      await sleep(scene.shortly());
      await scene.up(name);
      return true;
    }),
});

const serverKilled = (server: (usher: Installation) => Server): Fault => ({
  kind: 'crash',
  async strike({ usher, shortly }) {
    await server(usher).kill();
    await sleep(shortly());
    await server(usher).restart();
    return true;
  },
});

/** A program that dies at a point. @param also what dies with it */
const dies = (point: PointName, also?: (usher: Installation) => Promise<unknown>): Fault => {
  const name = point.slice(0, point.indexOf(':')) as PartName;
  return {
    kind: 'crash',
    isPoint: true,
    strike: (scene) =>
      scene.holding([name, 'api'], async () => {
        const { usher } = scene;
        await usher.kill(name);
        // It may hit the point before it says that it is ready, or not come up for some other trouble.
        await usher.doomed(point).catch(() => undefined);
        const luring = scene.lure();
        const hit = await usher.hit().then(
          () => true,
          () => false,
        );
        luring.stop();
        if (hit) await also?.(usher);
        else await usher.kill(name);
        await sleep(scene.shortly() / 2);
        await usher.servers.temporal.restart();
        await Promise.all([scene.up(name), scene.up('api')]);
        return hit;
      }),
  };
};

/** Some of the links are in a state for a while, and what they hold then may be lost. */
const linksBecome = (state: LinkState, cutting: 'cut' | 'kept'): Fault => ({
  kind: 'trouble',
  async strike({ usher, random, shortly }) {
    const links = random.shuffled(linkNames).slice(0, random.pick([1, 1, 2, 6]));
    for (const name of links) usher.link(name).become(state);
    await sleep(shortly());
    for (const name of links) {
      usher.link(name).become('whole');
      if (cutting === 'cut') usher.link(name).cut();
    }
    return true;
  },
});

const providerAnswers = (response: FailureResponse): Fault => ({
  kind: 'trouble',
  async strike({ provider, random, shortly }) {
    await provider({ failures: [{ response, count: Math.ceil(random.between(0, 5)) }] });
    await sleep(2 * shortly());
    return true;
  },
});

/** All that goes wrong, in an order that a seed decides, each before any comes again. */
export const faults = {
  'the worker is killed': killed('worker'),
  'the API is killed': killed('api'),
  'the mail provider is killed': killed('mail'),
  'Temporal is killed': serverKilled((usher) => usher.servers.temporal),
  'Postgres is killed': serverKilled((usher) => usher.servers.postgres),
  'all are killed': {
    kind: 'crash',
    strike: (scene) =>
      scene.holding(['worker', 'api', 'mail'], async () => {
        const { usher } = scene;
        const { temporal, postgres } = usher.servers;
        await Promise.all([
          ...(['worker', 'api', 'mail'] as const).map((name) => usher.kill(name)),
          temporal.kill(),
          postgres.kill(),
        ]);
        await Promise.all([temporal.restart(), postgres.restart()]);
        await Promise.all((['worker', 'api', 'mail'] as const).map(scene.up));
        return true;
      }),
  },
  'the worker dies after the commit of a transition': dies('worker: after the commit of a transition'),
  'worker, engine and callers die after the commit of a transition': dies(
    'worker: after the commit of a transition',
    (usher) => Promise.all([usher.servers.temporal.kill(), usher.kill('api')]),
  ),
  'the worker dies after the provider took the mail': dies('worker: before a sent email is recorded'),
  'the API dies after the creating transaction': dies('api: after the creating transaction'),
  'the API dies before the answer is kept': dies('api: before the answer is kept'),
  'the API dies before the answer is sent': dies('api: before the answer is sent'),
  'links are slow': linksBecome('slow', 'kept'),
  'links are silent': linksBecome('silent', 'kept'),
  'links are silent, then cut': linksBecome('silent', 'cut'),
  'links lose the answers': linksBecome('deaf', 'cut'),
  'links refuse': linksBecome('refusing', 'kept'),
  'links are cut': linksBecome('whole', 'cut'),
  'the provider limits the rate': providerAnswers(429),
  'the provider breaks down': providerAnswers(500),
  'the provider is in maintenance': providerAnswers(503),
  'the provider is silent and takes nothing': providerAnswers('timeout_before'),
  'the provider is silent, though it sends': providerAnswers('timeout_after'),
  'the provider cuts off and takes nothing': providerAnswers('reset_before'),
  'the provider cuts off, though it sends': providerAnswers('reset_after'),
  'the provider refuses addresses': providerAnswers(406),
  'the provider is slow': {
    kind: 'trouble',
    async strike({ provider, shortly }) {
      await provider({ latencyMs: 800 });
      await sleep(2 * shortly());
      return true;
    },
  },
  'the provider’s index lags': {
    kind: 'trouble',
    async strike({ provider, shortly }) {
      await provider({ indexLagMs: 4_000 });
      await sleep(4_000 + shortly());
      return true;
    },
  },
} as const satisfies Record<string, Fault>;

export type FaultName = keyof typeof faults;
