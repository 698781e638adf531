import type { Endpoint } from '#protocol';
import { selectEndpoints, type AskerPlace } from './select-endpoints.js';

export interface ListedPeerRow {
  readonly peerId: string;
  readonly hostname: string;
  /** JSON of Endpoint[]. */
  readonly endpoints: string;
  readonly observedHost: string;
  /** ISO 8601, UTC. */
  readonly expiresAt: string;
}

/** The row, the endpoints parsed, and what each kind of asker is told. */
const MAX_COPY_COUNT = 4;

/** A peer as others are told of it. */
export class ListedPeer {
  readonly peerId: string;
  readonly isDialable: boolean;
  /** Of all texts that it keeps or may come to keep. */
  readonly maxChars: number;
  private readonly endpoints: readonly Endpoint[];
  private readonly rendered: { [Place in AskerPlace]?: string } = {};
  private expiresAt: string;

  constructor(private readonly row: ListedPeerRow) {
    this.peerId = row.peerId;
    this.expiresAt = row.expiresAt;
    this.endpoints = JSON.parse(row.endpoints) as Endpoint[];
    this.isDialable = this.endpoints.length > 0;
    const { peerId, hostname, endpoints, observedHost } = row;
    const chars = peerId.length + hostname.length + endpoints.length + observedHost.length;
    this.maxChars = MAX_COPY_COUNT * chars;
  }

  isOnline(nowIso: string): boolean {
    return this.expiresAt > nowIso;
  }

  renew(expiresAt: string): void {
    this.expiresAt = expiresAt;
  }

  /** The keys that begin a location, as JSON without braces. */
  render(asker: AskerPlace): string {
    return (this.rendered[asker] ??= this.renderFor(asker));
  }

  private renderFor(asker: AskerPlace): string {
    const { peerId, hostname, observedHost } = this.row;
    const endpoints = selectEndpoints({ endpoints: this.endpoints, observedHost }, asker);
    return JSON.stringify({ peerId, hostname, endpoints }).slice(1, -1);
  }
}
