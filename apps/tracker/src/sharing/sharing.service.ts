import { Inject, Injectable } from '@nestjs/common';
import {
  HASH_BYTES,
  MAX_HASHES_PER_MESSAGE,
  TrackerError,
  type FileResult,
  type RegisterReply,
  type RegisterRequest,
  type UnshareReply,
  type UnshareRequest,
} from '#protocol';
import { PeersService } from '../peers/peers.service.js';
import { toFileRefusal } from '../rpc/file-refusal.js';
import { WRITE_QUEUE } from '../store/store.tokens.js';
import type { WriteQueue } from '../store/write-queue.js';
import { RegisterFileService } from './register-file.service.js';
import { UnshareFileService } from './unshare-file.service.js';

/** Register and unshare: many files each, one outcome for each file. */
@Injectable()
export class SharingService {
  constructor(
    @Inject(WRITE_QUEUE) private readonly writes: WriteQueue,
    @Inject(PeersService) private readonly peers: PeersService,
    @Inject(RegisterFileService) private readonly registration: RegisterFileService,
    @Inject(UnshareFileService) private readonly withdrawal: UnshareFileService,
  ) {}

  /** Throws INVALID_REQUEST for more hashes than one message may carry. */
  register(request: RegisterRequest): Promise<RegisterReply> {
    if (countHashes(request) > MAX_HASHES_PER_MESSAGE) {
      const message = `files: more than ${MAX_HASHES_PER_MESSAGE} hashes in one message`;
      return Promise.reject(new TrackerError('INVALID_REQUEST', message));
    }
    return this.writes.submit(async (sql) => {
      const peer = await this.peers.authorise(sql, request);
      const results = await outcomes(request.files, (file) =>
        this.registration.register(sql, peer, file),
      );
      return { results };
    });
  }

  unshare(request: UnshareRequest): Promise<UnshareReply> {
    return this.writes.submit(async (sql) => {
      const peer = await this.peers.authorise(sql, request);
      const results = await outcomes(request.files, (file) =>
        this.withdrawal.unshare(sql, peer, file),
      );
      return { results };
    });
  }
}

/** By their length as base64; exact up to the padding of each file. */
function countHashes(request: RegisterRequest): number {
  const count = ({ hashes = '' }) => Math.floor((hashes.length * 3) / 4 / HASH_BYTES);
  return request.files.reduce((total, file) => total + count(file), 0);
}

async function outcomes<T>(
  files: readonly T[],
  apply: (file: T) => Promise<void>,
): Promise<FileResult[]> {
  const results: FileResult[] = [];
  for (const file of files) {
    try {
      await apply(file);
      results.push({ ok: true });
    } catch (error) {
      results.push(toFileRefusal(error));
    }
  }
  return results;
}
