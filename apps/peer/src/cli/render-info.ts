import { formatEndpoint } from '#protocol';
import type { FileSummary, Location } from '../engine/lookup/network-lookup.js';
import { formatSize } from './byte-size.js';
import { renderColumns } from './columns.js';
import { toListedFile, type ListedFile } from './render-list.js';

export interface InfoData extends ListedFile {
  /** Not every member may have it; left out where they may. */
  readonly restricted?: true;
  readonly locations: readonly {
    readonly peerId: string;
    readonly host: string | null;
    readonly port: number | null;
    readonly chunksHeld: number;
    readonly complete: boolean;
  }[];
}

/** `host` and `port` are the preferred address; null for a peer that nobody can dial. */
export function toInfoData(found: {
  summary: FileSummary;
  locations: readonly Location[];
  grant?: string | undefined;
}): InfoData {
  const locations = found.locations.map(({ peerId, endpoints, chunksHeld, complete }) => {
    const [preferred] = endpoints;
    const { host, port } = preferred ?? { host: null, port: null };
    return { peerId, host, port, chunksHeld, complete };
  });
  const restriction = found.grant === undefined ? {} : { restricted: true as const };
  return { ...toListedFile(found.summary), ...restriction, locations };
}

export function renderInfo(info: InfoData): string {
  const facts = renderColumns([
    ['name', info.name ?? '(none)'],
    ['digest', info.digest],
    ['size', `${formatSize(info.sizeBytes)} (${info.sizeBytes} bytes)`],
    ['chunks', `${info.chunkCount} of ${formatSize(info.chunkBytes)}`],
    ['created', info.createdAt],
    ['seeders', String(info.seeders)],
    ['leechers', String(info.leechers)],
    ...(info.restricted === true ? [['access', 'for members of some groups only']] : []),
  ]);
  if (info.locations.length === 0) return `${facts}\n\nno peer has it now`;
  const rows = info.locations.map(({ peerId, host, port, chunksHeld }) => [
    peerId,
    host === null || port === null ? '-' : formatEndpoint({ host, port }),
    `${chunksHeld}/${info.chunkCount}`,
  ]);
  return `${facts}\n\n${renderColumns([['PEER', 'ADDRESS', 'CHUNKS'], ...rows])}`;
}
