import { formatEndpoint, type Endpoint } from '#protocol';
import type { ServedFile } from '../engine/share/share-files.js';
import { formatSize } from './byte-size.js';
import { printable } from './printable.js';

/** A line for each file, then where it is served. Source: interface, "peer". */
export function renderReady(listen: Endpoint, files: readonly ServedFile[]): string {
  const lines = files.map(
    ({ name, digest, sizeBytes }) =>
      `sharing ${printable(name)} ${digest} ${formatSize(sizeBytes)}`,
  );
  return [...lines, `ready ${formatEndpoint(listen)}`].join('\n');
}

export function toReadyEvent(listen: Endpoint, files: readonly ServedFile[]): object {
  return { event: 'ready', listen: formatEndpoint(listen), files };
}
