import type { ChunkIndex } from '#protocol';

export interface Upload<Remote> {
  readonly remote: Remote;
  readonly chunkIndex: ChunkIndex;
  leftBytes: number;
}

/** Chunks that were asked of one simulated peer: in order for each asker, the askers in turn. */
export class UploadQueue<Remote> {
  private readonly queues = new Map<Remote, Upload<Remote>[]>();

  add(upload: Upload<Remote>): void {
    const queue = this.queues.get(upload.remote);
    if (queue === undefined) this.queues.set(upload.remote, [upload]);
    else queue.push(upload);
  }

  /** What to send now: the first chunk of the asker whose turn it is, until it is removed. */
  next(): Upload<Remote> | undefined {
    for (const queue of this.queues.values()) return queue[0];
    return undefined;
  }

  of(remote: Remote): readonly Upload<Remote>[] {
    return this.queues.get(remote) ?? [];
  }

  /** Its asker goes to the end of the line. */
  remove(upload: Upload<Remote>): void {
    const rest = this.of(upload.remote).filter((other) => other !== upload);
    this.queues.delete(upload.remote);
    if (rest.length > 0) this.queues.set(upload.remote, rest);
  }

  /** Returns what was removed. */
  removeAll(remote: Remote): readonly Upload<Remote>[] {
    const removed = this.of(remote);
    this.queues.delete(remote);
    return removed;
  }
}
