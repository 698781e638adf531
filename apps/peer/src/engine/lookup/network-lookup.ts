import {
  MAX_LOCATIONS_PER_FILE,
  MAX_STATUS_PAGE,
  type FileSummary,
  type HostStatus,
  type Location,
  type Manifest,
  type StatusReply,
} from '#protocol';
import type { Home } from '../../disk/home.js';
import { TrackerClient } from '../../net/tracker-client.js';
import type { NetworkAccess } from '../membership/network-access.js';
import { trackerPath } from '../membership/tracker-paths.js';
import { fetchManifest } from './fetch-manifest.js';
import { findFile, listFiles, type FoundFile } from './find-files.js';
import { callError } from './tracker-refusal.js';

export type { FileSummary, HostStatus, Location };

/** Questions to the tracker that need no membership in any swarm. Owns its connection. All throw
 *  TransferError TRACKER_UNREACHABLE, FILE_NOT_FOUND or INVALID_NAME. */
export class NetworkLookup {
  private readonly client: TrackerClient;

  constructor(home: Home, network: NetworkAccess) {
    this.client = new TrackerClient(trackerPath(home, network));
  }

  async list(prefix: string, { signal }: { signal: AbortSignal }): Promise<FileSummary[]> {
    const files: FileSummary[] = [];
    for await (const file of listFiles(this.client, prefix, { signal })) files.push(file);
    return files;
  }

  info(ref: string, { signal }: { signal: AbortSignal }): Promise<FoundFile> {
    const options = { self: undefined, maxLocations: MAX_LOCATIONS_PER_FILE, signal };
    return findFile(this.client, ref, options);
  }

  async manifest(
    ref: string,
    { signal }: { signal: AbortSignal },
  ): Promise<{ summary: FileSummary; manifest: Manifest }> {
    const { summary } = await findFile(this.client, ref, {
      self: undefined,
      maxLocations: 1,
      signal,
    });
    return { summary, manifest: await fetchManifest(this.client, summary, { signal }) };
  }

  /** All hosts, all pages. */
  async status(
    ref: string,
    { signal }: { signal: AbortSignal },
  ): Promise<Omit<StatusReply, 'next'>> {
    const hosts: HostStatus[] = [];
    let after: string | null = null;
    try {
      for (;;) {
        const page = { ref, limit: MAX_STATUS_PAGE, ...(after === null ? {} : { after }) };
        const reply: StatusReply = await this.client.call('status', page, { signal });
        hosts.push(...reply.hosts);
        after = reply.next;
        const { name, digest, hostsDone, hostsTotal } = reply;
        if (after === null) return { name, digest, hostsDone, hostsTotal, hosts };
      }
    } catch (error) {
      throw callError(error, ref);
    }
  }

  close(): void {
    this.client.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
