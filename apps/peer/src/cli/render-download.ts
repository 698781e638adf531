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
  const peerCount = Object.keys(report.bytesFromPeers).length;
  const rate = seconds > 0 ? formatRate((sizeBytes - bytesResumed) / seconds) : '-';
  const facts = [
    `${formatSize(sizeBytes)} in ${formatDuration(seconds * 1_000)} (${rate})`,
    `from ${peerCount} ${peerCount === 1 ? 'peer' : 'peers'}`,
  ];
  if (bytesResumed > 0) facts.push(`${formatSize(bytesResumed)} were there already`);
  if (chunksRejected > 0) facts.push(`${chunksRejected} chunks rejected`);
  return printable(`downloaded ${name} to ${path}: ${facts.join(', ')}`);
}
