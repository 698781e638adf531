import type { DownloadReport } from '../engine/download/download-job.js';
import { formatDuration } from './duration.js';
import { formatRate, formatSize } from './byte-size.js';
import { printable } from './printable.js';

/** One line for each file that arrived. */
export function renderDownload(reports: readonly DownloadReport[]): string {
  return reports.map(renderReport).join('\n');
}

function renderReport(report: DownloadReport): string {
  const { name, path, sizeBytes, seconds, bytesResumed, chunksRejected } = report;
  const fetchedBytes = sizeBytes - bytesResumed;
  if (fetchedBytes === 0 && bytesResumed > 0) {
    const size = formatSize(sizeBytes);
    return printable(`downloaded ${name} to ${path}: ${size}, all of it was there already`);
  }
  const peerCount = Object.keys(report.bytesFromPeers).length;
  const rate = seconds > 0 ? formatRate(fetchedBytes / seconds) : '-';
  const size = bytesResumed > 0 ? ` of ${formatSize(sizeBytes)}` : '';
  const facts = [
    `${formatSize(fetchedBytes)}${size} in ${formatDuration(seconds * 1_000)} (${rate})`,
    `from ${peerCount} ${peerCount === 1 ? 'peer' : 'peers'}`,
  ];
  if (bytesResumed > 0) facts.push(`${formatSize(bytesResumed)} were there already`);
  if (chunksRejected > 0) facts.push(`${chunksRejected} chunks rejected`);
  return printable(`downloaded ${name} to ${path}: ${facts.join(', ')}`);
}
