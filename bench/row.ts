import type { Servers } from './servers.ts';

/** Whom a lifecycle is about: `n` counts all people of a run, across rows and rounds. */
export interface Person {
  n: number;
  email: string;
}

export const personOf = (n: number): Person => ({ n, email: `person-${n}@people.example` });

/** One of the programs compared, running. */
export interface Running {
  /** Its own processes, by part; the servers' are known. */
  pids: { api?: number; worker?: number; engine?: number };
  /** Its database; connection string. Undefined when it has none. */
  database?: string;
  /** The namespace in which it runs on the shared Temporal; undefined when it does not. */
  namespace?: string;
  /** Whether it sends emails. */
  mails: boolean;
  /** Invites, as the caller sees it. Resolves to the invitation's id, by which `accept` finds it. */
  create(person: Person): Promise<string>;
  /** Joins as the person's signed-in account: once resolved, membership and seat are committed. */
  accept(invitation: string, person: Person): Promise<void>;
  /** The workflow of an invitation, on the shared Temporal. */
  workflowId?(invitation: string): string;
  stop(): Promise<void>;
}

/** One of the programs compared. */
export interface Row {
  name: string;
  /** What it is, in a sentence. */
  about: string;
  /** @param people how many will be invited; their accounts and sessions are made beforehand */
  start(servers: Servers, people: number): Promise<Running>;
}
