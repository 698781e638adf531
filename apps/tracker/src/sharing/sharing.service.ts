import { Inject, Injectable } from '@nestjs/common';
import type {
  FileResult,
  RegisterReply,
  RegisterRequest,
  UnshareReply,
  UnshareRequest,
} from '#protocol';
import { PeersService } from '../peers/peers.service.js';
import { Reachability } from '../peers/reachability.service.js';
import type { Asker } from '../rpc/asker.js';
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
    @Inject(Reachability) private readonly reachability: Reachability,
    @Inject(RegisterFileService) private readonly registration: RegisterFileService,
    @Inject(UnshareFileService) private readonly withdrawal: UnshareFileService,
  ) {}

  async register(request: RegisterRequest, asker: Asker): Promise<RegisterReply> {
    const reply = await this.writes.submit(async (sql) => {
      const peer = await this.peers.authorise(sql, request);
      const results = await outcomes(request.files, (file) =>
        this.registration.register(sql, { peer, asker }, file),
      );
      return { results };
    });
    await this.reachability.settled(request.peerId);
    return reply;
  }

  unshare(request: UnshareRequest, asker: Asker): Promise<UnshareReply> {
    return this.writes.submit(async (sql) => {
      const peer = await this.peers.authorise(sql, request);
      const results = await outcomes(request.files, (file) =>
        this.withdrawal.unshare(sql, { peer, asker }, file),
      );
      return { results };
    });
  }
}

async function outcomes<T>(
  files: readonly T[],
  apply: (file: T) => Promise<FileResult>,
): Promise<FileResult[]> {
  const results: FileResult[] = [];
  for (const file of files) {
    try {
      results.push(await apply(file));
    } catch (error) {
      results.push(toFileRefusal(error));
    }
  }
  return results;
}
