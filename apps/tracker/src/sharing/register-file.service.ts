import { Inject, Injectable } from '@nestjs/common';
import {
  ChunkLayout,
  decodeBase64,
  Manifest,
  MAX_HASHES_PER_MESSAGE,
  parseHeldChunks,
  parseName,
  TrackerError,
  type FileName,
  type FileResult,
  type RegisterFile,
} from '#protocol';
import { FileCatalogue } from '../files/file-catalogue.service.js';
import type { FileRecord } from '../files/file-record.js';
import { ManifestStore } from '../files/manifest-store.service.js';
import { NameBook, nameTaken, type NameVersion } from '../files/name-book.service.js';
import { toAllowedGroups } from '../files/name-claim.js';
import { OPEN_VIEW, viewOf, type NameView } from '../files/name-view.js';
import type { KnownPeer } from '../peers/peers.service.js';
import type { Asker } from '../rpc/asker.js';
import type { WriteSql } from '../store/sql.js';
import { OwnershipService } from '../swarm/ownership.service.js';

/** Whose message it is. */
export interface Registrant {
  readonly peer: KnownPeer;
  readonly asker: Asker;
}

/** One file of a Register message. All checks come before the first write, so that a refused file
 *  leaves nothing behind while the others of its message are kept. */
@Injectable()
export class RegisterFileService {
  constructor(
    @Inject(FileCatalogue) private readonly catalogue: FileCatalogue,
    @Inject(NameBook) private readonly names: NameBook,
    @Inject(ManifestStore) private readonly manifests: ManifestStore,
    @Inject(OwnershipService) private readonly ownership: OwnershipService,
  ) {}

  /** Throws TrackerError or ProtocolError when this file is refused. */
  async register(
    sql: WriteSql,
    { peer, asker }: Registrant,
    request: RegisterFile,
  ): Promise<FileResult> {
    const claimed = nameToClaim(request, asker);
    const layout = ChunkLayout.forSize(request.sizeBytes);
    const held = parseHeldChunks(request.held, layout.chunkCount);
    const known = await this.catalogue.findByDigest(sql, request.digest);
    if (known !== undefined && known.sizeBytes !== request.sizeBytes) {
      throw new TrackerError('INVALID_MANIFEST', 'this digest belongs to a file of another length');
    }
    const view = viewOf(asker);
    await this.checkContent(sql, { request, layout, known, view });
    const current =
      claimed === undefined ? undefined : await this.names.current(sql, claimed, view);
    if (claimed !== undefined) checkName(claimed, { request, current, fileId: known?.id, asker });
    const file = known ?? (await this.insert(sql, request, layout));
    if (claimed !== undefined && !isKeptOut(request, { file, current })) {
      const { naming } = request;
      const { identity } = peer;
      const allowedGroups = toAllowedGroups(request.allow);
      const claim = { name: claimed, naming, fileId: file.id, identity, allowedGroups };
      await this.names.claim(sql, current, claim);
    }
    await this.ownership.put(sql, peer, file, held);
    return (await this.isRestricted(sql, file.digest)) ? { ok: true, restricted: true } : OK;
  }

  /** Of content that the asker may not have, the hashes must be shown, as of content that nobody knows:
   *  a digest alone opens nothing. */
  private async checkContent(
    sql: WriteSql,
    of: {
      request: RegisterFile;
      layout: ChunkLayout;
      known: FileRecord | undefined;
      view: NameView;
    },
  ): Promise<void> {
    const { request, layout, known, view } = of;
    if (known === undefined || (await this.catalogue.isSeen(sql, known, view))) return;
    checkHashes(request, hashesOf(request, layout));
  }

  /** Whether whoever opens the file has to show a grant. */
  private async isRestricted(sql: WriteSql, digest: string): Promise<boolean> {
    const file = await this.catalogue.findByDigest(sql, digest);
    return file!.everRestricted === 1 && !(await this.catalogue.isSeen(sql, file!, OPEN_VIEW));
  }

  private async insert(
    sql: WriteSql,
    request: RegisterFile,
    layout: ChunkLayout,
  ): Promise<FileRecord> {
    const hashes = hashesOf(request, layout);
    checkHashes(request, hashes);
    const file = await this.catalogue.insert(sql, { digest: request.digest, layout });
    await this.manifests.insertOnlyPage(sql, file.id, hashes);
    return file;
  }
}

const OK: FileResult = { ok: true };

/** Undefined where there is nothing to name. A reader's `keep` makes no names. Throws NOT_ALLOWED. */
function nameToClaim({ name, naming, allow }: RegisterFile, asker: Asker): FileName | undefined {
  if (name === undefined) return undefined;
  const parsed = parseName(name);
  if (allow !== undefined && allow.length > 0 && asker.identity === undefined) {
    const message = 'this tracker runs with --insecure: it has no groups to restrict names to';
    throw new TrackerError('NOT_ALLOWED', message);
  }
  if (asker.role !== 'reader') return parsed;
  if (naming === 'keep') return undefined;
  throw new TrackerError('NOT_ALLOWED', 'a reader of this network may not register names');
}

/** Before anything is written. A name that the asker does not see is taken, whatever it points at. */
function checkName(
  name: FileName,
  at: {
    request: RegisterFile;
    current: NameVersion | undefined;
    fileId: number | undefined;
    asker: Asker;
  },
): void {
  const { request, current, fileId, asker } = at;
  if (current === undefined || request.naming === 'keep') return;
  const isOther = request.naming === 'publish' && current.fileId !== fileId;
  if (current.isSeen === 0 || isOther) throw nameTaken(name);
  const isTheirs = current.publishedBy === asker.identity || asker.role === 'admin';
  if (request.allow === undefined || isTheirs || isSameRestriction(request.allow, current)) return;
  const message = `for whom ${JSON.stringify(name)} is, is said by who published it, or an admin`;
  throw new TrackerError('NOT_ALLOWED', message);
}

function isSameRestriction(allow: readonly string[], { allowedGroups }: NameVersion): boolean {
  const current = JSON.parse(allowedGroups ?? '[]') as string[];
  return JSON.stringify([...new Set(allow)].sort()) === JSON.stringify([...current].sort());
}

/** What is kept makes no open name for content that is for some only. */
function isKeptOut(
  { naming }: RegisterFile,
  { file, current }: { file: FileRecord; current: NameVersion | undefined },
): boolean {
  return naming === 'keep' && (current !== undefined || file.everRestricted === 1);
}

function checkHashes({ digest, sizeBytes }: RegisterFile, hashes: Uint8Array): void {
  if (Manifest.fromHashes({ sizeBytes, hashes }).digest === digest) return;
  throw new TrackerError('INVALID_MANIFEST', 'the hashes do not have this digest');
}

/** A file without chunks has no hashes to leave out. */
function hashesOf(request: RegisterFile, layout: ChunkLayout): Uint8Array {
  if (layout.chunkCount === 0 && request.hashes === undefined) return new Uint8Array(0);
  if (request.hashes === undefined || layout.chunkCount > MAX_HASHES_PER_MESSAGE) {
    const message = `the tracker does not have the chunk hashes of ${request.digest}`;
    throw new TrackerError('MANIFEST_NEEDED', message);
  }
  return decodeBase64(request.hashes);
}
