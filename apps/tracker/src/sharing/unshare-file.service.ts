import { Inject, Injectable } from '@nestjs/common';
import { isDigest, TrackerError, type FileResult, type UnshareFile } from '#protocol';
import { FileCatalogue, fileNotFound } from '../files/file-catalogue.service.js';
import { NameBook, type NameVersion } from '../files/name-book.service.js';
import { viewOf } from '../files/name-view.js';
import type { WriteSql } from '../store/sql.js';
import { CompletionsService } from '../swarm/completions.service.js';
import { OwnershipService } from '../swarm/ownership.service.js';
import type { Registrant } from './register-file.service.js';

interface UnshareTarget {
  readonly fileId: number;
  /** What a purge removes: undefined where there is nothing (any more). */
  readonly name: NameVersion | undefined;
}

/** One file of an unshare message. Of something that is not shared: nothing to do. */
@Injectable()
export class UnshareFileService {
  constructor(
    @Inject(FileCatalogue) private readonly catalogue: FileCatalogue,
    @Inject(NameBook) private readonly names: NameBook,
    @Inject(OwnershipService) private readonly ownership: OwnershipService,
    @Inject(CompletionsService) private readonly completions: CompletionsService,
  ) {}

  /** Throws FILE_NOT_FOUND for what never was, or NAME_NOT_YOURS: an admin may purge any name. */
  async unshare(
    sql: WriteSql,
    { peer, asker }: Registrant,
    request: UnshareFile,
  ): Promise<FileResult> {
    const { fileId, name } = await this.target(sql, { peer, asker }, request.ref);
    const mayPurge = name?.publishedBy === peer.identity || asker.role === 'admin';
    if (request.naming === 'purge' && name !== undefined && !mayPurge) {
      const message = `the name ${JSON.stringify(request.ref)} was published by another identity`;
      throw new TrackerError('NAME_NOT_YOURS', message);
    }
    if (request.naming === 'purge' && name !== undefined) {
      await this.names.end(sql, name, 'purged');
    }
    if (request.completed === true) await this.completions.record(sql, peer, fileId);
    await this.ownership.remove(sql, peer, { fileId, scope: request.scope });
    return { ok: true };
  }

  /** A name that is no more still leads to the file it had: an unshare may be repeated. What the asker
   *  may not have is there for those who hold it, and for admins. */
  private async target(sql: WriteSql, by: Registrant, ref: string): Promise<UnshareTarget> {
    const view = viewOf(by.asker);
    if (isDigest(ref)) {
      const file = await this.catalogue.findByDigest(sql, ref);
      const isSeen = file !== undefined && (await this.catalogue.isSeen(sql, file, view));
      if (file === undefined || !(isSeen || (await this.mayUnshare(sql, by, file.id)))) {
        throw fileNotFound(ref);
      }
      return { fileId: file.id, name: undefined };
    }
    const name = ref.normalize('NFC');
    const current = await this.names.current(sql, name, view);
    const known = current ?? (await this.names.last(sql, name, view));
    if (known === undefined) throw fileNotFound(ref);
    if (known.isSeen === 0 && !(await this.mayUnshare(sql, by, known.fileId))) {
      throw fileNotFound(ref);
    }
    return { fileId: known.fileId, name: current };
  }

  private async mayUnshare(
    sql: WriteSql,
    { peer, asker }: Registrant,
    fileId: number,
  ): Promise<boolean> {
    return asker.role === 'admin' || (await this.ownership.isHost(sql, peer.identity, fileId));
  }
}
