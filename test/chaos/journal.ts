import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from '../setup/usher.ts';
import type { ActName } from './acts.ts';
import type { Random } from './random.ts';
import type { SeatActName } from './seats.ts';

/** One sending of a request. Without a status nobody knows what became of it. */
interface Try {
  /** Epoch ms */
  from: number;
  to: number;
  status?: number;
  /** The code of a problem. */
  code?: string;
  body?: Answer['body'];
  /** Why nobody knows. */
  lost?: string;
}

/** A request with its Idempotency-Key, however often it is sent. */
export interface Call {
  key: string;
  act: ActName | SeatActName | 'invite';
  /** The address of whoever acts. */
  who: string;
  ask(): Promise<Answer>;
  tries: Try[];
}

export type Known = Try & { status: number };

/** The tries of a call whose outcome was told. */
export const knownOf = (call: Call): Known[] => call.tries.filter((t): t is Known => t.status !== undefined);

/** What was asked and answered. */
export class Journal {
  readonly calls: Call[] = [];
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** Sends a request as people do: some try again at once when they got no answer, some later, or not at all. */
  async send(call: Call, isHasty = false): Promise<void> {
    let left = !isHasty && this.#random.chance(0.6) ? 4 : 0;
    while (!(await this.ask(call)) && left > 0) {
      left -= 1;
      await sleep(this.#random.between(200, 1_000));
    }
  }

  /** Sends a request once. Returns its outcome, if it was told. */
  async ask(call: Call): Promise<Known | undefined> {
    if (call.tries.length === 0) this.calls.push(call);
    const sent: Try = { from: Date.now(), to: Number.POSITIVE_INFINITY };
    call.tries.push(sent);
    try {
      const { status, body } = await call.ask();
      if (status >= 500 || status === 429) sent.lost = `${status} ${body.code}`;
      else Object.assign(sent, { status, body, ...(status >= 400 ? { code: body.code } : {}) });
    } catch (error) {
      sent.lost = (error as Error).name;
    }
    sent.to = Date.now();
    return sent.status === undefined ? undefined : (sent as Known);
  }
}
