import type { HostStatus } from '../engine/lookup/network-lookup.js';
import { renderColumns } from './columns.js';

export interface StatusData {
  readonly name: string | null;
  readonly digest: string;
  readonly hostsDone: number;
  readonly hostsTotal: number;
  readonly hosts: readonly HostStatus[];
}

export function renderStatus(status: StatusData): string {
  const rows = status.hosts.map((host) => [
    host.hostname,
    host.host ?? '-',
    host.complete ? 'done' : `${host.chunksHeld}/${host.chunkCount}`,
    host.online ? 'online' : `last seen ${host.lastSeenAt}`,
    host.identity,
  ]);
  const summary = `${status.hostsDone} of ${status.hostsTotal} hosts are done`;
  if (rows.length === 0) return summary;
  return `${renderColumns([['HOST', 'ADDRESS', 'CHUNKS', 'STATE', 'IDENTITY'], ...rows])}\n${summary}`;
}
