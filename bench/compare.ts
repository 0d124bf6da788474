import { Connection } from '@temporalio/client';
import { ceiling } from './ceiling/row.ts';
import type { Figures } from './figures.ts';
import { createSubject, type Subject, statisticsDelayMs } from './measure.ts';
import { naive } from './naive/row.ts';
import { peers } from './peers/rows.ts';
import { machine, type Report } from './report.ts';
import type { Row } from './row.ts';
import { startServers } from './servers.ts';
import { usher, usherTogether } from './usher/row.ts';

/** All that is compared, in the order of the tables. */
export const rows: readonly Row[] = [ceiling, naive, usher, usherTogether, ...peers];

export interface CompareOptions {
  rows: readonly Row[];
  rounds: number;
  /** Lifecycles of each row in a round, by concurrency. */
  lifecycles: Record<number, number>;
  /** People invited by each row in a round, without joining, at the highest concurrency. */
  creates: number;
  /** Run before the first round and not counted: caches fill, code gets hot. */
  warmUp: number;
  temporal?: string;
  report(line: string): void;
}

/** Lifecycles at the end, whose rows are counted: Postgres tells them too late for a round. */
const counted = 20;

/** The same job by every row, rows interleaved: what troubles the machine for a while troubles all of them. */
export async function compare(o: CompareOptions): Promise<Report> {
  const servers = await startServers(o.temporal);
  const connection = await Connection.connect({ address: servers.temporal.address });
  const subjects: Subject[] = [];
  try {
    const aRound = Object.values(o.lifecycles).reduce((sum, count) => sum + count, o.creates);
    const each = aRound * o.rounds + o.warmUp + counted;
    for (const row of o.rows) {
      o.report(`starting ${row.name}`);
      subjects.push(await createSubject(row, servers, connection, each * o.rows.length));
    }
    for (const { row, phase } of subjects) {
      o.report(`warming up ${row.name}`);
      await phase(o.warmUp, 16);
    }
    const figures = new Map<Subject, Pick<Figures, 'phases' | 'creates'>>(
      subjects.map((subject) => [subject, { phases: {}, creates: [] }]),
    );
    const most = Math.max(...Object.keys(o.lifecycles).map(Number));
    for (let round = 1; round <= o.rounds; round += 1) {
      for (const [concurrency, lifecycles] of Object.entries(o.lifecycles)) {
        for (const subject of subjects) {
          const phase = await subject.phase(lifecycles, Number(concurrency));
          const { phases } = figures.get(subject)!;
          phases[concurrency] = [...(phases[concurrency] ?? []), phase];
          o.report(
            `round ${round}, ${concurrency} at a time, ${subject.row.name}: ${phase.perSecond.toFixed(1)} lifecycles/s`,
          );
        }
      }
      for (const subject of subjects) {
        const creates = await subject.creates(o.creates, most);
        figures.get(subject)!.creates.push(creates);
        o.report(`round ${round}, creates alone, ${subject.row.name}: ${creates.perSecond.toFixed(1)} creates/s`);
      }
    }
    o.report('counting rows');
    const rowsWritten = async () => {
      await new Promise((resolve) => setTimeout(resolve, statisticsDelayMs));
      return Promise.all(subjects.map((subject) => subject.rowsWritten()));
    };
    const before = await rowsWritten();
    for (const { phase } of subjects) await phase(counted, 8);
    const after = await rowsWritten();
    const concluded: Figures[] = [];
    for (const [i, subject] of subjects.entries()) {
      const { name, about } = subject.row;
      const written = after[i] === null ? null : (after[i]! - before[i]!) / counted;
      concluded.push({ name, about, ...figures.get(subject)!, rowsWritten: written, ...(await subject.conclude()) });
    }
    return {
      at: new Date().toISOString(),
      machine: machine(),
      temporal: o.temporal ?? 'the development server (SQLite)',
      rounds: o.rounds,
      rows: concluded,
    };
  } finally {
    for (const { running } of subjects) await running.stop();
    await connection.close();
    await servers.stop();
  }
}
