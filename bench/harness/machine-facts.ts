import { readFile } from 'node:fs/promises';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { formatSize } from '../../apps/peer/src/cli/byte-size.js';

/** What the figures were taken on; part of every result. */
export interface MachineFacts {
  readonly processor: string;
  readonly coreCount: number;
  readonly memoryBytes: number;
  readonly kernel: string;
  /** Version of the runtime. */
  readonly runtime: string;
  /** What TCP does here when nobody says otherwise. */
  readonly congestionControl: string;
}

export async function readMachineFacts(): Promise<MachineFacts> {
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    coreCount: availableParallelism(),
    memoryBytes: totalmem(),
    kernel: release(),
    runtime: process.version,
    congestionControl: await textOf('/proc/sys/net/ipv4/tcp_congestion_control'),
  };
}

export function renderMachineFacts(facts: MachineFacts): string {
  const { processor, coreCount, memoryBytes, kernel, runtime, congestionControl } = facts;
  const memory = `${formatSize(memoryBytes)} of memory`;
  return `${coreCount} cores (${processor}), ${memory}, Linux ${kernel}, Node ${runtime}, TCP ${congestionControl}`;
}

async function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').then(
    (text) => text.trim(),
    () => 'unknown',
  );
}
