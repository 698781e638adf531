import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import {
  Bitfield,
  identityOf,
  type Endpoint,
  type Identity,
  type Location,
  type Manifest,
  type PeerId,
} from '#protocol';
import { buildManifest } from '../../apps/peer/src/disk/manifest-builder.js';
import { SharedFile } from '../../apps/peer/src/disk/shared-file.js';
import {
  DownloadJob,
  type DownloadReport,
} from '../../apps/peer/src/engine/download/download-job.js';
import { openHome } from '../../apps/peer/src/engine/open-home.js';
import { DEFAULT_MAX_PEER_COUNT } from '../../apps/peer/src/engine/peer-config.js';
import type { NetworkAccess } from '../../apps/peer/src/engine/membership/network-access.js';
import { PeerSession } from '../../apps/peer/src/engine/peer-session.js';
import type { SessionEvent } from '../../apps/peer/src/engine/session-event.js';
import { Transfer } from '../../apps/peer/src/engine/transfer/transfer.js';
import { eventually } from './eventually.js';
import { TempDir } from './temp-dir.js';

export const CHUNK_BYTES = 256 * 1024;

/** A file that a session serves, and the bytes it should answer with. */
export interface LabFile {
  readonly bytes: Buffer;
  readonly path: string;
  readonly manifest: Manifest;
  readonly transfer: Transfer;
}

/** A port that nobody listens on. */
export async function closedEndpoint(): Promise<Endpoint> {
  const server = createServer().listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return { host: '127.0.0.1', port };
}

/** A real session in this process, without a tracker: for tests that speak the wire with it. */
export class SessionLab implements AsyncDisposable {
  readonly events: SessionEvent[] = [];
  private session_: PeerSession | undefined;
  private eventWaiters: (() => void)[] = [];

  private constructor(private readonly dir: TempDir) {}

  /** In the open, unless a network says otherwise. */
  static async open(
    config: { tracker?: Endpoint; network?: NetworkAccess } = {},
  ): Promise<SessionLab> {
    const lab = new SessionLab(await TempDir.create());
    const home = await openHome(lab.dir.file('home'));
    const trackers = [config.tracker ?? (await closedEndpoint())];
    lab.session_ = await PeerSession.open(
      home,
      {
        network: config.network ?? { mode: 'open', trackers },
        listen: { host: '127.0.0.1', port: 0 },
        maxUpBytesPerSecond: Infinity,
        maxDownBytesPerSecond: Infinity,
        maxPeerCount: DEFAULT_MAX_PEER_COUNT,
        programVersion: '0.0.0',
      },
      (event) => lab.heard(event),
    );
    return lab;
  }

  get session(): PeerSession {
    return this.session_!;
  }

  get endpoint(): Endpoint {
    return this.session.endpoint;
  }

  get peerId(): PeerId {
    return this.session.peerId;
  }

  get identity(): Identity {
    return identityOf(this.peerId);
  }

  file(name: string): string {
    return this.dir.file(name);
  }

  /** Serves these bytes, to every member unless they are restricted. */
  async share(
    name: string,
    bytes: Buffer,
    access: { restricted: boolean } = { restricted: false },
  ): Promise<LabFile> {
    const path = this.file(name);
    await writeFile(path, bytes);
    const { manifest, stamp } = await buildManifest(path, { signal: AbortSignal.timeout(60_000) });
    const file = await SharedFile.open(path, manifest, stamp, this.session.handles);
    const held = Bitfield.full(manifest.chunkCount);
    const transfer =
      this.session.transfers.get(manifest.digest) ??
      new Transfer(manifest, held, file, this.session.transferHost);
    this.session.grants?.registered(manifest.digest, access);
    this.session.addOffer(transfer, { name, file });
    return { bytes, path, manifest, transfer };
  }

  /** Downloads from the peers given. */
  download(
    manifest: Manifest,
    from: readonly { peerId: string; endpoint: Endpoint }[],
    signal: AbortSignal = AbortSignal.timeout(60_000),
  ): Promise<DownloadReport> {
    const locations = from.map(({ peerId, endpoint }): Location => {
      const { chunkCount: chunksHeld } = manifest;
      return {
        peerId,
        hostname: '',
        endpoints: [endpoint],
        chunksHeld,
        complete: true,
        held: null,
      };
    });
    const job = new DownloadJob(this.session, {
      name: 'download.bin',
      manifest,
      locations,
      outputPath: this.file('download.bin'),
      existingFile: 'refuse',
      timeoutMs: undefined,
    });
    return job.run({ signal });
  }

  /** Resolves with the first event of the type, from the beginning on. */
  async event<T extends SessionEvent['type']>(
    type: T,
  ): Promise<Extract<SessionEvent, { type: T }>> {
    for (;;) {
      const found = this.events.find((event) => event.type === type);
      if (found !== undefined) return found as Extract<SessionEvent, { type: T }>;
      await new Promise<void>((resolve) => this.eventWaiters.push(resolve));
    }
  }

  /** Resolves once so many chunks of a transfer are stored. */
  async stored(manifest: Manifest, chunkCount: number): Promise<void> {
    await eventually(() => {
      const count = this.session.transfers.get(manifest.digest)?.held.count ?? 0;
      if (count < chunkCount) throw new Error(`${count} of ${chunkCount} chunks are stored`);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session.close();
    await this.dir[Symbol.asyncDispose]();
  }

  private heard(event: SessionEvent): void {
    this.events.push(event);
    const waiters = this.eventWaiters;
    this.eventWaiters = [];
    for (const wake of waiters) wake();
  }
}

/** The manifest of bytes that nobody has on disk. */
export async function manifestOf(bytes: Buffer): Promise<Manifest> {
  await using dir = await TempDir.create();
  await writeFile(dir.file('bytes'), bytes);
  return (await buildManifest(dir.file('bytes'), { signal: AbortSignal.timeout(60_000) })).manifest;
}
