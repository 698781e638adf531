import { createHash } from 'node:crypto';
import { createIdentityKey, identityOfKey, newPeerId, newSession } from '#identity';
import {
  encodeBase64,
  HASH_BYTES,
  Manifest,
  parsePeerId,
  type Endpoint,
  type FileResult,
  type Identity,
  type JoinReply,
  type PeerId,
  type RegisterFile,
  type TrackerExchanges,
  type TrackerPattern,
} from '#protocol';
import type { RunningTracker } from './start-tracker.js';
import type { TrackerCaller } from './tracker-caller.js';

/** What a test registers: no bytes, only a manifest that could be theirs. */
export interface SampleFile {
  readonly digest: string;
  readonly sizeBytes: number;
  readonly chunkCount: number;
  /** base64 of all of them. */
  readonly hashes: string;
}

const SMALL_CHUNK_BYTES = 256 * 1024;

/** Another seed is other content. The last chunk is short. Above 8,192 chunks they are 8 MiB long. */
export function sampleFile(wanted: {
  seed: number;
  chunkCount: number;
  chunkBytes?: number;
}): SampleFile {
  const { seed, chunkCount, chunkBytes = SMALL_CHUNK_BYTES } = wanted;
  const hashes = new Uint8Array(chunkCount * HASH_BYTES);
  for (let index = 0; index < chunkCount; index += 1) {
    const hash = createHash('sha256').update(`${seed}/${index}`).digest();
    hashes.set(hash, index * HASH_BYTES);
  }
  const sizeBytes = Math.max(0, chunkCount * chunkBytes - 1);
  const { digest } = Manifest.fromHashes({ sizeBytes, hashes });
  return { digest, sizeBytes, chunkCount, hashes: encodeBase64(hashes) };
}

type AsCaller<P extends TrackerPattern> = Omit<
  TrackerExchanges[P]['request'],
  'peerId' | 'session'
>;

/** One process of a home, at one tracker, over one connection. */
export class TrackerPeer implements AsyncDisposable {
  joined!: JoinReply;

  private constructor(
    readonly caller: TrackerCaller,
    readonly peerId: PeerId,
    readonly session: string,
  ) {}

  /** Joins with an identity of its own unless one is given. */
  static async join(
    tracker: Pick<RunningTracker, 'caller'>,
    who: {
      identity?: Identity;
      peerId?: string;
      session?: string;
      endpoints?: readonly Endpoint[];
      hostname?: string;
    } = {},
  ): Promise<TrackerPeer> {
    const identity = who.identity ?? identityOfKey(createIdentityKey());
    const peerId = who.peerId === undefined ? newPeerId(identity) : parsePeerId(who.peerId);
    const peer = new TrackerPeer(await tracker.caller(), peerId, who.session ?? newSession());
    peer.joined = await peer.callAs('join', {
      apiVersions: [1],
      features: [],
      hostname: who.hostname ?? 'test-host',
      programVersion: '0.1.0',
      os: 'linux x64',
      labels: [],
      endpoints: who.endpoints ?? [{ host: '127.0.0.1', port: 7001 }],
    });
    return peer;
  }

  get identity(): Identity {
    return this.peerId.slice(0, 32) as Identity;
  }

  call<P extends TrackerPattern>(
    pattern: P,
    data: TrackerExchanges[P]['request'],
  ): Promise<TrackerExchanges[P]['reply']> {
    return this.caller.call(pattern, data);
  }

  /** With this peer's id and session. */
  callAs<P extends TrackerPattern>(
    pattern: P,
    data: AsCaller<P>,
  ): Promise<TrackerExchanges[P]['reply']> {
    const request = { ...data, peerId: this.peerId, session: this.session };
    return this.caller.callRaw(pattern, request) as Promise<TrackerExchanges[P]['reply']>;
  }

  /** Registers one file whole, published, with its hashes, unless `change` says otherwise. */
  async register(
    file: SampleFile,
    change: Partial<RegisterFile> = {},
  ): Promise<readonly FileResult[]> {
    const { digest, sizeBytes, hashes } = file;
    const entry = { digest, sizeBytes, hashes, naming: 'publish', held: 'all', ...change } as const;
    return (await this.callAs('register', { files: [entry] })).results;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.caller[Symbol.asyncDispose]();
  }
}
