import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { hashToken, newInviteToken } from '#identity';
import {
  formatEndpoint,
  formatInvite,
  LOCAL_INVITE_FILE_NAME,
  parseInvite,
  type Endpoint,
  type Fingerprint,
  type Invite,
  type InviteToken,
} from '#protocol';
import { readSecretFile, writeSecretFile } from '../store/secret-file.js';
import { toIsoTime, type Sql } from '../store/sql.js';
import { WRITE_QUEUE } from '../store/store.tokens.js';
import type { WriteQueue } from '../store/write-queue.js';
import { TRACKER_CONFIG, type TrackerConfig } from '../tracker.config.js';
import { advertisedEndpoint, isWildcardHost } from './advertised-endpoint.js';
import { ADVERTISED_FILE_NAME, INVITE_FILE_NAME } from './invite-files.js';
import { findInvite } from './membership-rows.js';
import { TRACKER_KEY } from './membership.tokens.js';
import { FIRST_INVITE, insertInvite } from './new-invite.js';
import type { TrackerKey } from './tracker-key.js';

export interface ShownInvite {
  /** `shoal://HOST:PORT/TOKEN#FINGERPRINT` */
  readonly line: string;
  readonly origin: 'kept' | 'new';
}

/** The invite that a secured tracker always has: made at its first start, kept in its data folder, and
 *  left for this user's peers on this machine. */
@Injectable()
export class FirstInvite {
  private readonly logger = new Logger('membership');

  constructor(
    @Inject(WRITE_QUEUE) private readonly writes: WriteQueue,
    @Inject(TRACKER_CONFIG) private readonly config: TrackerConfig,
    @Inject(TRACKER_KEY) private readonly key: TrackerKey | undefined,
  ) {}

  /** Undefined in a network without members. One that was lost, revoked or is of another network is
   *  replaced. */
  async open(listening: Endpoint): Promise<ShownInvite | undefined> {
    if (this.key === undefined) return undefined;
    const { fingerprint, origin } = this.key;
    if (origin === 'new') await this.warnOfOtherNetwork();
    const tracker = advertisedEndpoint(this.config.advertise, listening);
    const keptToken = await this.readToken(fingerprint);
    const isKept = keptToken !== undefined && (await this.isInForce(keptToken));
    const token = isKept ? keptToken : newInviteToken();
    const line = formatInvite({ tracker, token, fingerprint });
    // Before the database knows it: a token that is only there could be shown to nobody.
    await this.write(ADVERTISED_FILE_NAME, formatEndpoint(tracker));
    await this.write(INVITE_FILE_NAME, line);
    if (!isKept) await this.writes.submit((sql) => insertInvite(sql, token, FIRST_INVITE));
    await this.leaveForLocalPeers({ tracker: localEndpoint(listening), token, fingerprint });
    return { line, origin: isKept ? 'kept' : 'new' };
  }

  private async warnOfOtherNetwork(): Promise<void> {
    if (!(await this.writes.submit((sql) => hasMembers(sql)))) return;
    this.logger.warn(
      'there was no tracker.key, though there are members: this is another network for them now, and ' +
        'they do not trust it. If there is a copy of the key, stop and put it back',
    );
  }

  private async readToken(fingerprint: Fingerprint): Promise<InviteToken | undefined> {
    const text = await readSecretFile(join(this.config.data, INVITE_FILE_NAME));
    if (text === undefined) return undefined;
    try {
      const invite = parseInvite(text.trim());
      return invite.fingerprint === fingerprint ? invite.token : undefined;
    } catch {
      return undefined;
    }
  }

  /** In a database that never had any invite the kept one is taken over: it was made anew, and the lines
   *  that people have go on to work. */
  private isInForce(token: InviteToken): Promise<boolean> {
    return this.writes.submit(async (sql) => {
      const invite = await findInvite(sql, hashToken(token));
      if (invite !== undefined) {
        const isOver = invite.expiresAt !== null && invite.expiresAt <= toIsoTime(Date.now());
        return invite.revokedAt === null && !isOver;
      }
      if (await hasInvites(sql)) return false;
      await insertInvite(sql, token, FIRST_INVITE);
      return true;
    });
  }

  private async leaveForLocalPeers(invite: Invite): Promise<void> {
    const path = join(this.config.userFolder, LOCAL_INVITE_FILE_NAME);
    try {
      await mkdir(this.config.userFolder, { recursive: true, mode: 0o700 });
      await writeSecretFile(path, `${formatInvite(invite)}\n`);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      this.logger.warn(`peers on this machine need an invite, too: ${path}: ${code ?? message}`);
    }
  }

  private async write(name: string, line: string): Promise<void> {
    const path = join(this.config.data, name);
    if ((await readSecretFile(path)) === `${line}\n`) return;
    await writeSecretFile(path, `${line}\n`);
  }
}

/** Where this machine's own peers reach the tracker. */
function localEndpoint({ host, port }: Endpoint): Endpoint {
  return { host: isWildcardHost(host) ? '127.0.0.1' : host, port };
}

async function hasInvites(sql: Sql): Promise<boolean> {
  return (await sql.first('SELECT 1 FROM invites LIMIT 1')) !== undefined;
}

async function hasMembers(sql: Sql): Promise<boolean> {
  return (await sql.first('SELECT 1 FROM members LIMIT 1')) !== undefined;
}
