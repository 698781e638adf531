import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { hashToken, newInviteToken } from '#identity';
import {
  formatInvite,
  parseEndpoint,
  parseInvite,
  type Fingerprint,
  type GroupName,
  type Role,
} from '#protocol';
import { CommandError } from '../cli/command-error.js';
import { AdminTokens, type AdminToken } from '../operator/admin-tokens.js';
import { CommandDatabase } from '../store/command-database.js';
import { readSecretFile } from '../store/secret-file.js';
import { toIsoTime } from '../store/sql.js';
import { ADVERTISED_FILE_NAME, INVITE_FILE_NAME } from './invite-files.js';
import {
  findMember,
  INVITE_COLUMNS,
  MEMBERS,
  parseGroups,
  type InviteRow,
  type MemberRow,
} from './membership-rows.js';
import { insertInvite, type InviteTerms } from './new-invite.js';
import { readFingerprint } from './tracker-key.js';

/** Whether an invite or a membership is good now, and why not. */
export type StandingName = 'valid' | 'expired' | 'revoked' | 'used up';

/** An invite without its token, which nobody has but those to whom it was given. */
export interface ListedInvite {
  readonly id: string;
  readonly role: Role;
  readonly groups: readonly GroupName[];
  readonly standing: StandingName;
  readonly usedCount: number;
  /** Null: no limit. */
  readonly maxUses: number | null;
  readonly createdAt: string;
  /** Null: never. */
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
}

export interface ListedMember {
  readonly identity: string;
  readonly hostname: string;
  readonly role: Role;
  readonly groups: readonly GroupName[];
  readonly standing: StandingName;
  readonly inviteId: string;
  readonly joinedAt: string;
  readonly revokedAt: string | null;
}

export interface MembershipList {
  readonly invites: readonly ListedInvite[];
  readonly members: readonly ListedMember[];
  readonly adminTokens: readonly AdminToken[];
}

export interface MadeInvite {
  readonly id: string;
  /** The line to paste; shown this once. */
  readonly invite: string;
  readonly role: Role;
  readonly groups: readonly GroupName[];
  readonly expiresAt: string | null;
  readonly maxUses: number | null;
}

/** What was revoked, or given other groups. */
export interface ChangeReport {
  readonly kind: 'invite' | 'member' | 'adminToken';
  readonly id: string;
  /** Members whom it concerns. */
  readonly memberCount: number;
}

/** What an operator does with the members of a network, at the data folder of its tracker, which may be
 *  running: it notices. */
export class MembershipDesk implements Disposable {
  private constructor(
    private readonly database: CommandDatabase,
    private readonly folder: string,
    private readonly fingerprint: Fingerprint,
  ) {}

  /** Throws CommandError, also for a folder where no secured tracker was ever started. */
  static async open(folder: string): Promise<MembershipDesk> {
    const database = CommandDatabase.open(folder, { table: 'invites' });
    try {
      const fingerprint = await readFingerprint(folder);
      if (fingerprint !== undefined) return new MembershipDesk(database, folder, fingerprint);
    } catch (error) {
      database[Symbol.dispose]();
      throw error;
    }
    database[Symbol.dispose]();
    const message = `${folder} has no members yet: start its tracker once without --insecure`;
    throw new CommandError('DATA_FOLDER_UNUSABLE', message);
  }

  async invite(terms: InviteTerms): Promise<MadeInvite> {
    const { fingerprint } = this;
    const tracker = parseEndpoint(await this.advertised());
    const token = newInviteToken();
    const id = await insertInvite(this.database.sql, token, terms);
    const { role, groups, expiresAtMs, maxUses } = terms;
    const expiresAt = expiresAtMs === null ? null : toIsoTime(expiresAtMs);
    const invite = formatInvite({ tracker, token, fingerprint });
    return { id, invite, role, groups, expiresAt, maxUses };
  }

  /** Everything that ever was, the oldest first. */
  async list(nowMs: number): Promise<MembershipList> {
    const { sql } = this.database;
    const nowIso = toIsoTime(nowMs);
    const invites = await sql.all<InviteRow>(
      `SELECT ${INVITE_COLUMNS} FROM invites ORDER BY created_at, id`,
    );
    const members = await sql.all<MemberRow>(`${MEMBERS} ORDER BY m.joined_at, m.identity`);
    return {
      invites: invites.map((row) => toListedInvite(row, nowIso)),
      members: members.map((row) => toListedMember(row, nowIso)),
      adminTokens: await new AdminTokens(sql).list(),
    };
  }

  /** An invite with all who joined by it, a member, or an admin token. Twice is as once. */
  async revoke(id: string, nowMs: number): Promise<ChangeReport> {
    const { sql } = this.database;
    const nowIso = toIsoTime(nowMs);
    const set = 'SET revoked_at = COALESCE(revoked_at, ?) WHERE';
    if ((await sql.run(`UPDATE invites ${set} id = ?`, [nowIso, id])) > 0) {
      await this.removeShownInvite(id);
      return { kind: 'invite', id, memberCount: await this.memberCount(id) };
    }
    if ((await sql.run(`UPDATE members ${set} identity = ?`, [nowIso, id])) > 0) {
      return { kind: 'member', id, memberCount: 1 };
    }
    const revoked = await new AdminTokens(sql).revoke(id, nowMs);
    if (revoked === undefined) throw unknownId(id);
    return { kind: 'adminToken', id, memberCount: 0 };
  }

  /** Of a member; or of an invite, and all who have joined by it. */
  async setGroups(
    id: string,
    groups: readonly GroupName[],
    nowMs: number = Date.now(),
  ): Promise<ChangeReport> {
    const { sql } = this.database;
    const json = JSON.stringify(groups);
    if ((await findMember(sql, id)) !== undefined) {
      const values = [json, toIsoTime(nowMs), id];
      await sql.run('UPDATE members SET groups = ?, groups_set_at = ? WHERE identity = ?', values);
      return { kind: 'member', id, memberCount: 1 };
    }
    if ((await sql.run('UPDATE invites SET groups = ? WHERE id = ?', [json, id])) === 0) {
      throw unknownId(id);
    }
    await sql.run('UPDATE members SET groups = ? WHERE invite_id = ?', [json, id]);
    return { kind: 'invite', id, memberCount: await this.memberCount(id) };
  }

  [Symbol.dispose](): void {
    this.database[Symbol.dispose]();
  }

  private async memberCount(inviteId: string): Promise<number> {
    const [count] = await this.database.sql.column<number>(
      'SELECT COUNT(*) FROM members WHERE invite_id = ?',
      [inviteId],
    );
    return count!;
  }

  private async advertised(): Promise<string> {
    const text = await readSecretFile(join(this.folder, ADVERTISED_FILE_NAME));
    if (text !== undefined) return text.trim();
    const message = `${this.folder} does not say where its tracker is reached: start it once`;
    throw new CommandError('DATA_FOLDER_UNUSABLE', message);
  }

  /** The tracker shows it in its ready line: the next start makes another. */
  private async removeShownInvite(id: string): Promise<void> {
    const path = join(this.folder, INVITE_FILE_NAME);
    const line = await readSecretFile(path);
    if (line === undefined) return;
    const [tokenHash] = await this.database.sql.column<string>(
      'SELECT token_hash FROM invites WHERE id = ?',
      [id],
    );
    try {
      if (hashToken(parseInvite(line.trim()).token) !== tokenHash) return;
    } catch {
      return; // what is there is no invite
    }
    await rm(path, { force: true });
  }
}

function toListedInvite(row: InviteRow, nowIso: string): ListedInvite {
  const { id, role, usedCount, maxUses, createdAt, expiresAt, revokedAt } = row;
  const groups = parseGroups(row.groups);
  const isUsedUp = maxUses !== null && usedCount >= maxUses;
  const standing = standingOf({ revokedAt, expiresAt }, nowIso);
  return {
    id,
    role,
    groups,
    standing: standing === 'valid' && isUsedUp ? 'used up' : standing,
    usedCount,
    maxUses,
    createdAt,
    expiresAt,
    revokedAt,
  };
}

function toListedMember(row: MemberRow, nowIso: string): ListedMember {
  const { identity, hostname, role, inviteId, joinedAt } = row;
  const revokedAt = row.revokedAt ?? row.inviteRevokedAt;
  const standing = standingOf({ revokedAt, expiresAt: row.inviteExpiresAt }, nowIso);
  const groups = parseGroups(row.groups);
  return { identity, hostname, role, groups, standing, inviteId, joinedAt, revokedAt };
}

function standingOf(
  { revokedAt, expiresAt }: { revokedAt: string | null; expiresAt: string | null },
  nowIso: string,
): StandingName {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && expiresAt <= nowIso ? 'expired' : 'valid';
}

function unknownId(id: string): CommandError {
  const shown = JSON.stringify(id.slice(0, 80));
  return new CommandError(
    'USAGE',
    `there is no invite, member or token ${shown}; \`tracker token list\` lists them`,
  );
}
