import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider';
import type { Database } from './database.ts';

/**
 * Where oidc-provider keeps its sessions, interactions, grants, codes and tokens. In Postgres and not in memory, so that
 * someone halfway through a sign-in does not notice a restart.
 */
export function postgresAdapter(db: Database): AdapterFactory {
  const find = async (where: string, values: unknown[]): Promise<AdapterPayload | undefined> => {
    const { rows } = await db.query<{ payload: AdapterPayload; consumed: number | null }>(
      `select payload, extract(epoch from consumed_at)::integer as consumed
       from artifact where ${where} and (expires_at is null or expires_at > now())`,
      values,
    );
    return rows[0] && { ...rows[0].payload, ...(rows[0].consumed !== null && { consumed: rows[0].consumed }) };
  };

  return (model): Adapter => ({
    async upsert(id, payload, expiresIn) {
      await db.query(
        `insert into artifact (model, id, payload, grant_id, uid, expires_at)
         values ($1, $2, $3, $4, $5, now() + $6 * interval '1 second')
         on conflict (model, id) do update set payload = excluded.payload, grant_id = excluded.grant_id,
           uid = excluded.uid, expires_at = excluded.expires_at`,
        [model, id, JSON.stringify(payload), payload.grantId, payload.uid, expiresIn],
      );
    },
    find: (id) => find('model = $1 and id = $2', [model, id]),
    findByUid: (uid) => find('model = $1 and uid = $2', [model, uid]),
    // Belongs to the device flow, which is switched off.
    findByUserCode: async () => undefined,
    async consume(id) {
      await db.query('update artifact set consumed_at = now() where model = $1 and id = $2', [model, id]);
    },
    async destroy(id) {
      await db.query('delete from artifact where model = $1 and id = $2', [model, id]);
    },
    async revokeByGrantId(grantId) {
      await db.query('delete from artifact where model = $1 and grant_id = $2', [model, grantId]);
    },
  });
}
