import {
  formatEndpoint,
  type Digest,
  type Endpoint,
  type PeerId,
  type ProtocolError,
} from '#protocol';
import { newPeerId } from '#identity';
import { BanLedger } from '../core/ban-ledger.js';
import { TokenBucket } from '../core/token-bucket.js';
import { TransferError } from '../core/transfer-error.js';
import { HandleCache } from '../disk/handle-cache.js';
import type { Home } from '../disk/home.js';
import type { Library } from '../disk/library.js';
import { ChunkServer } from '../net/chunk-server.js';
import { TrackerClient } from '../net/tracker-client.js';
import { Announcer } from './announce/announcer.js';
import { ByteBudget } from './budget/byte-budget.js';
import { limitHeapGrowth } from './heap-growth.js';
import { candidateEndpoints } from './announce/candidate-endpoints.js';
import { Choker } from './links/choker.js';
import { ChunkBuffers } from './budget/chunk-buffers.js';
import { ConnectionPool } from './links/connection-pool.js';
import { Contributions } from './links/contributions.js';
import { OfferBook } from './share/offer-book.js';
import type { Offer } from './share/offer.js';
import {
  MAX_BUFFER_BYTES,
  MAX_CONNECTION_COUNT,
  MAX_INFLIGHT_BYTES,
  MAX_OPEN_FILES,
  MAX_SERVING_BYTES,
  TICK_MS,
  type PeerConfig,
} from './peer-config.js';
import type { Grants } from './membership/grants.js';
import { openAccess, type SessionAccess } from './membership/session-access.js';
import { PeerFinder } from './lookup/peer-finder.js';
import type { FetchHost } from './transfer/fetch-host.js';
import type { PeerLink } from './links/peer-link.js';
import { RateGate } from './budget/rate-gate.js';
import type { SessionObserver } from './session-event.js';
import type { ChunkSource, Transfer, TransferHost } from './transfer/transfer.js';
import { Uploader } from './links/uploader.js';

/** The rate limiters let this much through at once after a pause. */
const BURST_SECONDS = 0.25;
const MIN_BURST_BYTES = 256 * 1024;

/**
 * One running peer: listener, connections, tracker, transfers. Opens all of it and closes it in
 * reverse order.
 */
export class PeerSession {
  readonly transfers = new Map<Digest, Transfer>();
  readonly handles = new HandleCache(MAX_OPEN_FILES);
  readonly buffers = new ChunkBuffers({ maxBytes: MAX_BUFFER_BYTES });
  readonly inflightBudget = new ByteBudget(MAX_INFLIGHT_BYTES);
  readonly servingBudget = new ByteBudget(MAX_SERVING_BYTES);
  readonly client: TrackerClient;
  readonly pool: ConnectionPool;
  readonly finder: PeerFinder;
  readonly announcer: Announcer;
  readonly offers: OfferBook;
  readonly downGate: RateGate;
  readonly transferHost: TransferHost;
  readonly fetchHost: FetchHost;
  private readonly upGate: RateGate;
  private readonly contributions = new Contributions();
  private readonly bans: BanLedger;
  private readonly choker: Choker;
  private readonly ticker: NodeJS.Timeout;
  private server: ChunkServer | undefined;
  private closed: Promise<void> | undefined;

  private constructor(
    readonly peerId: PeerId,
    private readonly home: Home,
    readonly config: PeerConfig,
    private readonly observe: SessionObserver,
    private readonly access: SessionAccess,
  ) {
    this.client = new TrackerClient(access.path);
    this.upGate = createGate(config.maxUpBytesPerSecond);
    this.downGate = createGate(config.maxDownBytesPerSecond);
    this.choker = new Choker((id) => this.contributions.recentBytesFrom(id));
    this.offers = new OfferBook((transfer, offer) => this.offerChanged(transfer, offer));
    this.bans = new BanLedger({ by: access.secured === undefined ? 'peerId' : 'identity' });
    this.pool = this.createPool();
    access.membership?.listen({
      renewed: (credential) => this.pool.showCredential(credential),
      revoked: () => this.pool.sweep(),
      reachable: (reachable) =>
        this.observe({ type: 'reachability', reachable, endpoint: this.endpoint }),
    });
    const { maxPeerCount } = config;
    this.finder = new PeerFinder(this.client, this.pool, {
      self: peerId,
      maxPeerCount,
      grants: access.grants,
    });
    this.announcer = this.createAnnouncer();
    this.transferHost = {
      choker: this.choker,
      chunkGained: (transfer, chunkIndex) => this.announcer.chunkGained(transfer, chunkIndex),
      sourceFailed: (...failure) => this.sourceFailed(...failure),
    };
    this.fetchHost = {
      inflightBudget: this.inflightBudget,
      buffers: this.buffers,
      downGate: this.downGate,
      strike: (link, error) => this.strike(link, error),
      doubted: (peerId, doubt) => this.observe({ type: 'peerDoubted', peerId, doubt }),
    };
    this.ticker = setInterval(() => this.tick(), TICK_MS);
  }

  /** Throws TransferError ADDRESS_UNAVAILABLE when the listening address cannot be had. */
  static async open(
    home: Home,
    config: PeerConfig,
    observe: SessionObserver,
  ): Promise<PeerSession> {
    limitHeapGrowth();
    const peerId = newPeerId(home.identity);
    const access = await openAccess(home, config.network);
    const session = new PeerSession(peerId, home, config, observe, access);
    try {
      session.server = await ChunkServer.listen({
        ...config.listen,
        maxConnections: MAX_CONNECTION_COUNT,
        self: { peerId, programVersion: config.programVersion },
        secured: access.secured,
        admit: (connection) => session.pool.admit(connection),
      });
    } catch (cause) {
      await session.close();
      const where = formatEndpoint(config.listen);
      const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
      const message = `cannot listen on ${where}: ${reason}`;
      throw new TransferError('ADDRESS_UNAVAILABLE', message, { cause });
    }
    session.announcer.start();
    return session;
  }

  /** Undefined in the open. */
  get grants(): Grants | undefined {
    return this.access.grants;
  }

  get library(): Library {
    return this.home.library;
  }

  /** Where this process listens. */
  get endpoint(): Endpoint {
    return this.server?.endpoint ?? this.config.listen;
  }

  /** Registers a complete local file as a source, beside what else this process does. */
  addOffer(transfer: Transfer, offer: Offer): void {
    this.transfers.set(transfer.digest, transfer);
    this.offers.add(transfer, offer);
  }

  /** Stops serving one file; the transfer goes on while another file stands behind it. */
  async removeOffer(
    transfer: Transfer,
    offer: Offer,
    code: 'OK' | 'FILE_WITHDRAWN',
  ): Promise<void> {
    const [next] = await this.offers.remove(transfer, offer);
    if (next === undefined) this.removeTransfer(transfer, { code, completed: true });
    else transfer.readFrom(next.file);
  }

  /** Ends a transfer: connections and tracker are told. `completed`: this host had all of it. */
  removeTransfer(
    transfer: Transfer,
    end: { code: 'OK' | 'FILE_WITHDRAWN'; completed: boolean },
  ): void {
    if (this.transfers.get(transfer.digest) !== transfer) return;
    this.transfers.delete(transfer.digest);
    this.finder.remove(transfer);
    this.access.grants?.forget(transfer.digest);
    transfer.leave(end.code);
    this.announcer.withdraw(transfer, { completed: end.completed });
  }

  /** A peer is proven to have broken the rules. */
  strike(link: PeerLink, error: ProtocolError): void {
    const { peerId } = link;
    const { code } = error;
    const verdict = this.bans.strike({ peerId, code, nowMs: performance.now() });
    if (verdict === 'struck') return this.observe({ type: 'peerStruck', peerId, code });
    this.observe({ type: 'peerBanned', peerId, code });
    this.pool.leaveBanned();
  }

  notify: SessionObserver = (event) => this.observe(event);

  close(): Promise<void> {
    this.closed ??= this.closeAll();
    return this.closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async closeAll(): Promise<void> {
    clearInterval(this.ticker);
    await this.finder.close();
    const stopping = new Error('the session is closing');
    for (const transfer of this.transfers.values()) transfer.fetch?.stop(stopping);
    this.upGate.close();
    this.downGate.close();
    // None of them waits for another: the server is gone when its last connection is.
    await Promise.all([this.announcer.stop(), this.server?.close(), this.pool.close()]);
    this.choker.close();
    await this.offers.close();
    await this.handles.close();
    this.client.close();
    await this.access.membership?.close();
  }

  private createPool(): ConnectionPool {
    const uploadHost = {
      buffers: this.buffers,
      servingBudget: this.servingBudget,
      upGate: this.upGate,
      bytesSent: (link: PeerLink, bytes: number) => this.contributions.sent(link.peerId, bytes),
    };
    return new ConnectionPool({
      self: { peerId: this.peerId, programVersion: this.config.programVersion },
      bans: this.bans,
      secured: this.access.secured,
      membership: this.access.membership,
      grants: this.access.grants,
      buffers: this.buffers,
      transferOf: (digest) => this.transfers.get(digest),
      createUploader: (link) => new Uploader(link, link.connection, uploadHost),
      bytesReceived: (peerId, bytes) => this.contributions.received(peerId, bytes),
      connectionFailed: (peerId, error) => {
        this.observe({ type: 'connectionFailed', peerId, error });
      },
    });
  }

  private createAnnouncer(): Announcer {
    return new Announcer(this.client, {
      peerId: this.peerId,
      programVersion: this.config.programVersion,
      untold: this.home.untoldCompletions,
      endpoints: () => candidateEndpoints(this.endpoint, this.config.advertise),
      counters: () => this.contributions.totals,
      trackerChanged: (state, error) => {
        if (state === 'back') this.observe({ type: 'trackerBack' });
        else if (error !== undefined) this.observe({ type: 'trackerLost', error });
      },
      registered: (digest, restriction) => this.grants?.registered(digest, restriction),
      heard: (news) => this.access.membership?.heard(news),
      unreachable: () => this.access.membership?.lost(),
      completionsUntold: (fileCount, error) => {
        this.observe({ type: 'completionsUntold', fileCount, error });
      },
    });
  }

  private tick(): void {
    this.pool.sweep();
    if (this.servingBudget.isAwaited) this.pool.leaveStalled();
    for (const transfer of this.transfers.values()) {
      if (transfer.isActive) transfer.push({ type: 'ticked' });
    }
  }

  private offerChanged(transfer: Transfer, offer: Offer): void {
    const error = new TransferError('SOURCE_CHANGED', `${offer.file.path} changed or went away`);
    this.observe({ type: 'withdrawn', names: [offer.name], digest: transfer.digest, error });
    void this.removeOffer(transfer, offer, 'FILE_WITHDRAWN');
  }

  /** Reading for others failed. What we are still fetching has failed altogether. */
  private sourceFailed(transfer: Transfer, source: ChunkSource, error: Error): void {
    const offer = this.offers.of(transfer).find(({ file }) => file === source);
    if (offer === undefined) {
      transfer.fetch?.stop(error);
      return;
    }
    this.observe({ type: 'withdrawn', names: [offer.name], digest: transfer.digest, error });
    void this.removeOffer(transfer, offer, 'FILE_WITHDRAWN');
  }
}

function createGate(bytesPerSecond: number): RateGate {
  const burstBytes = Math.max(MIN_BURST_BYTES, bytesPerSecond * BURST_SECONDS);
  return new RateGate(new TokenBucket({ bytesPerSecond, burstBytes }));
}
