import type { Endpoint, Manifest } from '#protocol';
import { rawFrame, rawFrames, type RawFrame } from './raw-frames.js';
import { RawListener, RawPeer } from './raw-peer.js';

/** Meets a peer and opens a file there, as somebody who has nothing of it (unless `held` says so);
 *  returns once it may ask. */
export async function leechFrom(
  endpoint: Endpoint,
  peerId: string,
  manifest: Manifest,
  { held = 'none', file = 0 }: { held?: 'none' | Buffer; file?: number } = {},
): Promise<RawPeer> {
  const peer = await RawPeer.meet(endpoint, peerId);
  peer.send(rawFrames.open(file, manifest.digest, manifest.chunkCount));
  peer.send(rawFrames.bitfield(file, held));
  await peer.next('unchoke');
  return peer;
}

/** What a hand-written seeder does with a request; `bytes` is the range that was asked for. */
export type RawAnswer = (peer: RawPeer, request: RawFrame, bytes: Buffer) => void;

export const answers = {
  honest: (peer, { id, offset }, bytes) => {
    for (let sent = 0; sent < bytes.length; sent += 131_072) {
      peer.send(rawFrames.data(id!, offset! + sent, bytes.subarray(sent, sent + 131_072)));
    }
  },
  wrong: (peer, request, bytes) => {
    answers.honest(peer, request, Buffer.from(bytes).fill(0x55));
  },
  silent: () => undefined,
  /** It said that it has them, though. */
  denying: (peer, { id }) => peer.send(rawFrames.reject(id!, 'CHUNK_NOT_HELD')),
  /** A byte a second. */
  trickling: (peer, { id, offset }, bytes) => {
    let sent = 0;
    const timer = setInterval(() => {
      peer.send(rawFrames.data(id!, offset! + sent, bytes.subarray(sent, sent + 1)));
      sent += 1;
    }, 1_000);
    peer.socket.once('close', () => clearInterval(timer));
  },
  refusing: (peer, { id }) => peer.send(rawFrames.reject(id!, 'INTERNAL')),
  vanishing: (peer, { id, offset }, bytes) => {
    peer.send(rawFrames.data(id!, offset!, bytes.subarray(0, bytes.length >>> 1)));
    peer.socket.resetAndDestroy();
  },
} satisfies Record<string, RawAnswer>;

/** What a hand-written seeder has, or says that it has. */
export interface RawContent {
  readonly manifest: Manifest;
  readonly bytes: Buffer;
  readonly held?: 'all' | Buffer;
  /** Chunks that it tells it has gained, as soon as it has said what it holds. */
  readonly gained?: readonly number[];
}

/** Waits to be dialled, claims to have all of a file (unless `held` says otherwise) and answers
 *  each request as it is told to. */
export class RawSeeder implements AsyncDisposable {
  readonly requests: RawFrame[] = [];
  /** Those that have dialled. */
  readonly peers: RawPeer[] = [];
  private readonly serving: Promise<void>[] = [];

  private constructor(
    readonly listener: RawListener,
    private readonly content: RawContent & { readonly held: 'all' | Buffer },
    private readonly answer: RawAnswer,
  ) {
    void this.acceptAll();
  }

  static async listen(peerId: string, content: RawContent, answer: RawAnswer): Promise<RawSeeder> {
    const listener = await RawListener.listen(peerId);
    return new RawSeeder(listener, { held: 'all', ...content }, answer);
  }

  get peerId(): string {
    return this.listener.peerId;
  }

  get endpoint(): Endpoint {
    return this.listener.endpoint;
  }

  /** Where a download finds it. */
  get location(): { peerId: string; endpoint: Endpoint } {
    return { peerId: this.peerId, endpoint: this.endpoint };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.listener[Symbol.asyncDispose]();
    await Promise.all(this.serving);
  }

  private async acceptAll(): Promise<void> {
    for (;;) {
      const peer = await this.listener.accept();
      this.peers.push(peer);
      // Ends with the connection.
      this.serving.push(this.serve(peer).catch(() => undefined));
    }
  }

  private async serve(peer: RawPeer): Promise<void> {
    const { manifest, bytes, held, gained = [] } = this.content;
    await peer.next('hello');
    peer.send(rawFrames.hello(this.peerId));
    let file = 0;
    for (;;) {
      const frame = await peer.next('open', 'request');
      if (frame.type === 'open') {
        if (frame.digest !== manifest.digest) continue;
        peer.send(rawFrames.open(file, manifest.digest, manifest.chunkCount));
        peer.send(rawFrames.bitfield(file, held), rawFrame('unchoke'));
        if (gained.length > 0) peer.send(rawFrames.have(file, ...gained));
        file += 1;
      } else {
        this.requests.push(frame);
        const start = frame.chunk! * manifest.chunkBytes + frame.offset!;
        this.answer(peer, frame, bytes.subarray(start, start + frame.length!));
      }
    }
  }
}
