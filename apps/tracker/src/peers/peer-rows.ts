import { identityOf, type Caller, type Endpoint, type JoinRequest, type PeerId } from '#protocol';
import type { Sql, SqlValue } from '../store/sql.js';

export interface PeerRow {
  readonly request: JoinRequest;
  readonly observedHost: string;
  readonly seenAt: string;
  readonly expiresAt: string;
}

export async function insertPeer(sql: Sql, row: PeerRow): Promise<void> {
  const identity = identityOf(row.request.peerId as PeerId);
  await sql.run(
    `INSERT INTO peers (session, hostname, program_version, os, labels, features, endpoints,
      host, port, observed_host, last_seen_at, lease_expires_at, peer_id, identity, joined_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [...columns(row), row.request.peerId, identity, row.seenAt],
  );
}

/** Where it has answered as itself still counts for a peer that names the same endpoints again. */
export async function updatePeer(sql: Sql, row: PeerRow): Promise<void> {
  const { peerId, endpoints } = row.request;
  await sql.run(
    `UPDATE peers SET session = ?, hostname = ?, program_version = ?, os = ?, labels = ?,
      features = ?, endpoints = ?, host = ?, port = ?, observed_host = ?, last_seen_at = ?,
      lease_expires_at = ?, proven_endpoints = CASE WHEN endpoints = ? AND observed_host = ?
        THEN proven_endpoints END
      WHERE peer_id = ?`,
    [...columns(row), renderEndpoints(endpoints), row.observedHost, peerId],
  );
}

function columns({ request, observedHost, seenAt, expiresAt }: PeerRow): SqlValue[] {
  const preferred = request.endpoints[0];
  return [
    request.session,
    request.hostname,
    request.programVersion,
    request.os,
    JSON.stringify(request.labels),
    JSON.stringify(request.features),
    renderEndpoints(request.endpoints),
    preferred?.host ?? null,
    preferred?.port ?? null,
    observedHost,
    seenAt,
    expiresAt,
  ];
}

function renderEndpoints(endpoints: readonly Endpoint[]): string {
  return JSON.stringify(endpoints.map(({ host, port }) => ({ host, port })));
}

/** Ends a session and its lease. Returns the key of the peer's row, if there was such a session. */
export async function forgetSession(
  sql: Sql,
  caller: Caller,
  nowIso: string,
): Promise<number | undefined> {
  const row = await sql.first<{ id: number }>(
    'SELECT id FROM peers WHERE peer_id = ? AND session = ?',
    [caller.peerId, caller.session],
  );
  if (row === undefined) return undefined;
  await sql.run(
    `UPDATE peers SET session = '', last_seen_at = ?, lease_expires_at = ?
    WHERE id = ?`,
    [nowIso, nowIso, row.id],
  );
  return row.id;
}

/** Keys of some of the peers that left before `left`, or fell silent before `silent`. Their sessions are
 *  ended: one that comes back while it is being forgotten registers again all that it has. */
export async function endDuePeers(
  sql: Sql,
  before: { left: string; silent: string },
  maxCount: number,
): Promise<number[]> {
  const ids = await sql.column<number>(
    `SELECT id FROM peers
      WHERE last_seen_at < ? OR (last_seen_at < ? AND session = '') LIMIT ?`,
    [before.silent, before.left, maxCount],
  );
  await sql.run(
    `UPDATE peers SET session = ''
      WHERE session <> '' AND id IN (SELECT value FROM json_each(?))`,
    [JSON.stringify(ids)],
  );
  return ids;
}

/** Returns how many leases ended later than `expiresAt`. */
export function cutLeases(sql: Sql, to: { seenAt: string; expiresAt: string }): Promise<number> {
  return sql.run(
    `UPDATE peers SET lease_expires_at = ?, last_seen_at = MIN(last_seen_at, ?)
      WHERE lease_expires_at > ?`,
    [to.expiresAt, to.seenAt, to.expiresAt],
  );
}

/** Nothing may hang on them any more that is worth a write of its own. */
export function deletePeers(sql: Sql, ids: readonly number[]): Promise<number> {
  return sql.run('DELETE FROM peers WHERE id IN (SELECT value FROM json_each(?))', [
    JSON.stringify(ids),
  ]);
}
