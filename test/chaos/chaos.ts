import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../setup/until.ts';
import { type Aftermath, checks, look, unknownShare } from './checks.ts';
import { type Fault, type FaultName, faults, type Scene } from './faults.ts';
import { cast, live } from './guests.ts';
import { type PartName, startInstallation } from './installation.ts';
import { Journal } from './journal.ts';
import { type PersonName, people } from './people.ts';
import { createRandom } from './random.ts';
import { rest } from './rest.ts';
import { answeredActs, managed, startManagers } from './seats.ts';

/**
 * The chaos run: people do what people do with invitations, while all that Usher consists of and depends on dies, stalls
 * and lies; then all is mended, comes to rest, and is checked.
 */

export interface ChaosOptions {
  invitations: number;
  /** How long people come and things go wrong, at least, ms; it may be longer, until each crash has been. */
  stormMs: number;
  /** How long all may take after that until nothing is under way, ms; but for emails, which may wait for a minute. */
  restMs: number;
  /** An integer: decides who comes when and what goes wrong. What becomes of it is up to the machine. */
  seed: number;
  /** @default all */
  people?: readonly PersonName[];
  /** @default all */
  faults?: readonly FaultName[];
  /** How long one fault lasts, ms, from and to. */
  faultMs?: readonly [number, number];
  /** How long an invitation lives that expires while the chaos lasts, ms, from and to. */
  lifeMs?: readonly [number, number];
  /** Makes waiting deliveries look old to the reconciler, which would leave them alone for a while. @default false */
  isHurried?: boolean;
  /** The product's folder. @default this one */
  product?: string;
  /** How many of the calls may be without an answer at first: it depends on how much goes wrong at once. @default 0.75 */
  mostUnknown?: number;
  /** Gets a line for whatever happens. */
  report?: (line: string) => void;
  /** Gives up. */
  signal?: AbortSignal | undefined;
}

export interface ChaosResult {
  /** Which promises were not kept, and where. */
  breaches: string[];
  /** One line of figures. */
  figures: string;
}

/** An email is looked for this long before it is sent again, s: longer than request and index can be late together. */
const lookupPatience = 15;
/** Like that of the real provider, its index is never up to date, ms. */
const indexLagMs = 1_500;

/** How many manage licences at the same time. */
const managersAtOnce = 3;

/** Runs it, and ends what it started. @throws when it cannot start, or is given up */
export async function chaos(options: ChaosOptions): Promise<ChaosResult> {
  const { invitations, seed, signal, faultMs = [200, 2_500], lifeMs = [10_000, 60_000], mostUnknown = 0.75 } = options;
  const began = performance.now();
  const say = (line: string) =>
    options.report?.(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${line}`);
  say(`seed ${seed}; starting`);

  // Of their own each, so that who comes does not depend on what goes wrong.
  const [ofPeople, ofFaults, ofManagers] = [createRandom(seed), createRandom(seed + 1), createRandom(seed + 2)];
  const guests = cast(invitations, ofPeople, options.people ?? (Object.keys(people) as PersonName[]));
  const scarce = guests.filter((guest) => guest.script.license === 'scarce').length;
  await using usher = await startInstallation({
    links: true,
    lookupPatience,
    seats: { plenty: invitations, scarce: Math.floor(scarce / 2), ...managed },
    ...(options.product ? { product: options.product } : {}),
  });

  const parts = ['worker', 'api', 'mail'] as const;
  const held: PartName[] = [];
  const scene: Scene = {
    usher,
    random: ofFaults,
    async up(name) {
      await until(`the ${name} to run`, () =>
        usher.running(name).then(
          () => true,
          () => sleep(100, false),
        ),
      );
      if (name === 'mail') await scene.provider({});
    },
    async holding(names, work) {
      held.push(...names);
      try {
        return await work();
      } finally {
        for (const name of names) held.splice(held.indexOf(name), 1);
      }
    },
    async provider(settings) {
      // It may be dead just now.
      await usher.mailIs({ failures: [], latencyMs: 0, indexLagMs, ...settings }).catch(() => undefined);
    },
    shortly: () => ofFaults.between(...faultMs),
    lure() {
      // Of those who are left, the crashes to come shall have their share.
      let share = Math.ceil(coming.length / Math.max(1, crashes.length - dealt.size));
      const timer = setInterval(() => share-- > 0 && arrive(), 500);
      return { stop: () => clearInterval(timer) };
    },
  };
  await Promise.all(parts.map(scene.up));

  const journal = new Journal(ofPeople);
  const coming = [...guests];
  const lives: Promise<void>[] = [];
  const managers = await startManagers(usher, journal, ofManagers, signal);
  const arrive = () => {
    const guest = coming.shift();
    if (!guest) return;
    const life = live(guest, { usher, journal, random: ofPeople, lifeMs, signal });
    // Heard at the end.
    life.catch(() => undefined);
    lives.push(life);
  };

  const wanted = options.faults ?? (Object.keys(faults) as FaultName[]);
  const struck = new Map<FaultName, number>(wanted.map((name) => [name, 0]));
  /** The crashes that have been, or were tried. */
  const dealt = new Set<FaultName>();
  const ofKind = (kind: Fault['kind']) => wanted.filter((name) => faults[name].kind === kind);
  const crashes = ofKind('crash');
  const stormBegan = Date.now();
  const isOver = () =>
    signal?.aborted ||
    (coming.length === 0 && dealt.size === crashes.length && Date.now() - stormBegan > options.stormMs);

  /** Deals the faults of a kind, each before any comes again, for as long as people come. */
  const strikeAll = async (kind: Fault['kind']) => {
    let deck: FaultName[] = [];
    while (ofKind(kind).length > 0 && !isOver()) {
      if (deck.length === 0) deck = ofFaults.shuffled(ofKind(kind));
      const name = deck.shift()!;
      say(`${name} (${journal.calls.length} calls of ${invitations - coming.length} people)`);
      if (await faults[name].strike(scene)) struck.set(name, struck.get(name)! + 1);
      else say(`nobody came: ${name}`);
      if (kind === 'crash') dealt.add(name);
      else await scene.provider({});
      await sleep(scene.shortly());
    }
  };

  /** Lets people come over the whole storm, and keeps some for each crash that has not been. */
  const letCome = async () => {
    while (!isOver()) {
      const most = dealt.size === crashes.length ? 1 : (dealt.size + 1) / (crashes.length + 1);
      const due = invitations * Math.min(most, (Date.now() - stormBegan) / options.stormMs);
      while (coming.length > 0 && invitations - coming.length < due) arrive();
      await sleep(50);
    }
  };

  /** Starts again what ends by itself, as whoever runs the programs would. */
  let endedThemselves = 0;
  let isStorming = true;
  const supervise = async () => {
    while (isStorming) {
      await sleep(200);
      for (const name of parts.filter((part) => !held.includes(part) && !usher.isRunning(part))) {
        say(`the ${name} ended by itself: ${usher.lastWords()}`);
        endedThemselves += 1;
        await scene.up(name);
      }
    }
  };

  const supervised = supervise();
  for (let i = 0; i < managersAtOnce; i++) {
    const work = managers.manage(isOver);
    work.catch(() => undefined);
    lives.push(work);
  }
  await Promise.all([strikeAll('crash'), strikeAll('trouble'), letCome()]);
  isStorming = false;
  await supervised;
  signal?.throwIfAborted();

  say('all is mended');
  await Promise.all([usher.servers.temporal.restart(), usher.servers.postgres.restart()]);
  await Promise.all(parts.map(scene.up));
  await usher.mailIs({ failures: [], latencyMs: 0, indexLagMs: 0 });
  const restBegan = performance.now();
  await Promise.all(lives);
  const unrest = await rest(usher, journal, guests, {
    ...{ ms: options.restMs, isHurried: options.isHurried ?? false, say, signal },
  });
  const restSeconds = (performance.now() - restBegan) / 1000;

  say('checking');
  const found = await look(usher);
  const seats = { start: managers.start, acts: answeredActs(managers), found: await managers.look() };
  const aftermath: Aftermath = { usher, journal, guests, seats, struck, unrest, found, mostUnknown };
  const breaches: string[] = [];
  for (const [rule, find] of Object.entries(checks)) {
    for (const breach of await find(aftermath)) breaches.push(`${rule}: ${breach}`);
  }

  const count = (kind: Fault['kind']) => ofKind(kind).reduce((sum, name) => sum + struck.get(name)!, 0);
  const points = wanted.filter((name) => (faults[name] as Fault).isPoint).map((name) => struck.get(name));
  const mailed = Map.groupBy(found.inbox, (email) => email.delivery);
  const figures = [
    `${guests.filter((guest) => guest.id).length} invitations`,
    `${journal.calls.length} calls, ${(100 * unknownShare(journal)).toFixed(1)} % of them without an answer at first`,
    `${count('crash')} crashes (injected points hit ${points.join(', ')} times), ${count('trouble')} other troubles`,
    `${found.members.length} members`,
    `${managers.acts.length} acts on seats and members`,
    `${found.deliveries.length} deliveries, ${mailed.size} mailed, ${[...mailed.values()].filter((m) => m.length > 1).length} twice`,
    `${endedThemselves} programs ended by themselves`,
    `at rest after ${restSeconds.toFixed(0)} s`,
    `seed ${seed}`,
    `${breaches.length} breaches`,
  ];
  return { breaches, figures: figures.join(' · ') };
}
