import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  formatEndpoint,
  parseEndpoint,
  parseIdentity,
  parseInviteToken,
  type Endpoint,
  type Fingerprint,
  type InviteToken,
} from '#protocol';
import { TransferError } from '../core/transfer-error.js';
import { writeFileAtomically } from './atomic-file.js';
import { hasErrno, onDiskSync } from './disk-error.js';
import { holdingLock } from './lock-file.js';

/** A home that joins more forgets the one that it joined longest ago. */
const MAX_NETWORKS = 64;
/** Of one network: further ones push out those named longest ago. */
const MAX_TRACKERS = 8;

/** A network that this home has joined. */
export interface RememberedNetwork {
  /** Whose key its trackers must prove to hold. */
  readonly fingerprint: Fingerprint;
  /** Where its trackers are, the one named last first. */
  readonly trackers: readonly Endpoint[];
  /** The public half of that key, as text: members' credentials are checked with it. */
  readonly key: string;
  /** Of the invite: a tracker that has forgotten this home lets it in again. */
  readonly token: InviteToken;
  /** ISO 8601, UTC. */
  readonly joinedAt: string;
}

/** The networks that a home has joined, in `networks.json` (0600: it holds tokens). Replaced as a
 *  whole, so that a reader sees the old one or the new one. Methods throw TransferError on disk
 *  errors; DISK_FAILED also for a file that is damaged, which is left as it is. */
export class NetworksFile {
  private readonly path: string;

  /** `folder` is the home's, and exists. */
  constructor(private readonly folder: string) {
    this.path = join(folder, 'networks.json');
  }

  /** In the order in which they were joined. */
  list(): RememberedNetwork[] {
    const text = onDiskSync({ path: this.path, verb: 'read' }, () => {
      try {
        return readFileSync(this.path, 'utf8');
      } catch (error) {
        if (hasErrno(error, 'ENOENT')) return '{"networks":[]}';
        throw error;
      }
    });
    try {
      return parseNetworks(JSON.parse(text));
    } catch {
      // The reason would quote what it found, which may be a token.
      const message = `${this.path} is damaged: move it away, then join again`;
      throw new TransferError('DISK_FAILED', message);
    }
  }

  /** The network joined last; trackers of it that were known before stay known. It is on disk when
   *  this resolves. */
  async remember(joined: RememberedNetwork): Promise<void> {
    await holdingLock(join(this.folder, 'networks.lock'), async () => {
      const known = this.list();
      const before = known.find(({ fingerprint }) => fingerprint === joined.fingerprint);
      const others = known.filter((network) => network !== before);
      const network = { ...joined, trackers: mergeTrackers(joined, before) };
      const networks = [...others, network].slice(-MAX_NETWORKS);
      const bytes = Buffer.from(`${JSON.stringify({ networks: networks.map(toJson) }, null, 2)}\n`);
      await writeFileAtomically(this.path, bytes, { mode: 0o600 });
    });
  }
}

function mergeTrackers(
  joined: RememberedNetwork,
  before: RememberedNetwork | undefined,
): readonly Endpoint[] {
  const all = [...joined.trackers, ...(before?.trackers ?? [])];
  const byText = new Map(all.map((tracker) => [formatEndpoint(tracker), tracker]));
  return [...byText.values()].slice(0, MAX_TRACKERS);
}

function toJson(network: RememberedNetwork): object {
  return { ...network, trackers: network.trackers.map(formatEndpoint) };
}

/** Throws anything for anything else. */
function parseNetworks(value: unknown): RememberedNetwork[] {
  const { networks } = value as { networks: unknown };
  return (networks as unknown[]).map((entry) => {
    const { fingerprint, trackers, key, token, joinedAt } = entry as Record<string, unknown>;
    const endpoints = (trackers as unknown[]).map((tracker) => parseEndpoint(text(tracker)));
    if (endpoints.length === 0) throw new TypeError('no tracker');
    return {
      fingerprint: parseIdentity(text(fingerprint)),
      trackers: endpoints,
      key: text(key),
      token: parseInviteToken(text(token)),
      joinedAt: text(joinedAt),
    };
  });
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError('not a text');
}
