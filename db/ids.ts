import { fromString, fromUUIDBytes, toUUIDBytes, typeid } from 'typeid-js';
import type {
  AccountId,
  AmendmentId,
  BatchId,
  ErasureId,
  InvitationId,
  ReasonId,
  WebhookId,
} from '../workflows/contract.ts';

/** Ids are typeids: a prefix that says of what, and a UUIDv7 in base32, so they sort by time. */
export type OrganizationId = `org_${string}`;
export type MemberId = `mem_${string}`;
export type LicensePoolId = `lic_${string}`;
export type ApiKeyId = `key_${string}`;
/** Of an email in which notices are gathered. */
export type NoticeEmailId = `ntc_${string}`;
/** Of a message to an endpoint: made by the database, and so no typeid. */
export type MessageId = `msg_${string}`;
export type { AccountId, AmendmentId, BatchId, ErasureId, InvitationId, ReasonId, WebhookId };

/** A new id, such as `newId('inv')`. */
export const newId = <TPrefix extends string>(prefix: TPrefix): `${TPrefix}_${string}` =>
  typeid(prefix).toString() as `${TPrefix}_${string}`;

/** True for a well-formed id of that prefix. */
export const isId = <TPrefix extends string>(prefix: TPrefix, value: string): value is `${TPrefix}_${string}` =>
  value.startsWith(`${prefix}_`) && /^[0-7][0-9a-hjkmnp-tv-z]{25}$/.test(value.slice(prefix.length + 1));

/** The 16 bytes of an id, and back. */
export const idToBytes = (id: string): Uint8Array => toUUIDBytes(fromString(id));
export const idFromBytes = <TPrefix extends string>(prefix: TPrefix, bytes: Uint8Array): `${TPrefix}_${string}` =>
  fromUUIDBytes(prefix, bytes).toString() as `${TPrefix}_${string}`;

/** The least id of a time (ms since 1970): those made later are greater. */
export function idAt<TPrefix extends string>(prefix: TPrefix, at: number): `${TPrefix}_${string}` {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(Math.max(0, at)) << 16n);
  return idFromBytes(prefix, bytes);
}
