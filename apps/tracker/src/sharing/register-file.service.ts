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
  type RegisterFile,
} from '#protocol';
import { FileCatalogue } from '../files/file-catalogue.service.js';
import type { FileRecord } from '../files/file-record.js';
import { ManifestStore } from '../files/manifest-store.service.js';
import { NameBook, nameTaken } from '../files/name-book.service.js';
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
  async register(sql: WriteSql, { peer, asker }: Registrant, request: RegisterFile): Promise<void> {
    const name = nameToClaim(request, asker);
    const layout = ChunkLayout.forSize(request.sizeBytes);
    const held = parseHeldChunks(request.held, layout.chunkCount);
    const known = await this.catalogue.findByDigest(sql, request.digest);
    if (known !== undefined && known.sizeBytes !== request.sizeBytes) {
      throw new TrackerError('INVALID_MANIFEST', 'this digest belongs to a file of another length');
    }
    await this.checkName(sql, { name, naming: request.naming, fileId: known?.id });
    const file = known ?? (await this.insert(sql, request, layout));
    if (name !== undefined) {
      const { naming } = request;
      await this.names.claim(sql, { name, naming, fileId: file.id, identity: peer.identity });
    }
    await this.ownership.put(sql, peer, file, held);
  }

  private async checkName(
    sql: WriteSql,
    claim: { name: string | undefined; naming: string; fileId: number | undefined },
  ): Promise<void> {
    if (claim.name === undefined || claim.naming !== 'publish') return;
    const current = await this.names.current(sql, claim.name);
    if (current !== undefined && current.fileId !== claim.fileId) throw nameTaken(claim.name);
  }

  private async insert(
    sql: WriteSql,
    request: RegisterFile,
    layout: ChunkLayout,
  ): Promise<FileRecord> {
    const hashes = hashesOf(request, layout);
    const manifest = Manifest.fromHashes({ sizeBytes: request.sizeBytes, hashes });
    if (manifest.digest !== request.digest) {
      throw new TrackerError('INVALID_MANIFEST', 'the hashes do not have this digest');
    }
    const file = await this.catalogue.insert(sql, { digest: request.digest, layout });
    await this.manifests.insertOnlyPage(sql, file.id, hashes);
    return file;
  }
}

/** Undefined where there is nothing to name. A reader's `keep` makes no names. Throws NOT_ALLOWED. */
function nameToClaim({ name, naming }: RegisterFile, asker: Asker): FileName | undefined {
  if (name === undefined) return undefined;
  const parsed = parseName(name);
  if (asker.role !== 'reader') return parsed;
  if (naming === 'keep') return undefined;
  throw new TrackerError('NOT_ALLOWED', 'a reader of this network may not register names');
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
