import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { Client } from '@temporalio/client';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  FastifyPluginCallback,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { Kysely } from 'kysely';
import type { Account } from '../db/accounts.ts';
import type { Database } from '../db/database.ts';
import type { InvitationId, OrganizationId } from '../db/ids.ts';
import type { Bearers } from '../identity/bearers.ts';
import type { Links } from '../identity/links.ts';
import type { Provider } from '../identity/providers.ts';
import type { Exposition } from '../telemetry/exposition.ts';
import type { Networks } from '../webhooks/addresses.ts';
import type { Cookies } from './cookies.ts';
import type { Engine } from './engine.ts';
import type { Limits } from './limits.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is signed in, on pages; the API has callers. */
    account: Account | undefined;
    /** The invitation that it made, reports of, or that its link leads to, where its path names none. */
    invitation: InvitationId | undefined;
    /** The only organization in which they count; undefined: all. */
    countsIn: OrganizationId | undefined;
  }
}

export interface AppDeps {
  db: Kysely<Database>;
  temporal: Client;
  links: Links;
  /** Where people sign in. */
  providers: readonly Provider[];
  bearers: Bearers;
  publicUrl: string;
  /** Signs cookies. */
  cookieKey: Buffer;
  /** Multiplies the limits on how often. @default 1 */
  limitFactor?: number;
  /** How long a request may take, ms. @default 1800 */
  patienceMs?: number;
  /** How long of that it waits for the engine, ms. @default 1500 */
  enginePatienceMs?: number;
  /** Addresses and networks whose `X-Forwarded-For` says where a request came from. @default none */
  trustedProxies?: readonly string[];
  /** Where Temporal's UI is, for operators. @default they are shown no link to it */
  temporalUi?: string | undefined;
  /** What `/metrics` says, to whom has the token. @default there is no such path */
  metrics?: { token: string; read: Exposition } | undefined;
  /** Makes spans of requests. @default nothing is traced */
  tracing?: FastifyPluginCallback | undefined;
  /** What Postmark's webhooks authenticate with. @default there are none */
  feedbackPassword?: string | undefined;
  /** Networks that webhooks may reach although they are private, and without TLS. @default none */
  webhookNetworks?: Networks;
  logger: FastifyBaseLogger;
}

/** What the routes share. */
export interface RouteDeps extends AppDeps {
  engine: Engine;
  cookies: Cookies;
  limits: Limits;
  /** Whose accounts count in every organization. */
  issuers: readonly string[];
}

/** A Fastify instance whose routes take their types from their schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;
