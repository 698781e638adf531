import { fileURLToPath } from 'node:url';
import type { Stage } from '../harness/stage.js';
import type { HostNetwork, NetworkHost } from './host-network.js';

const RAW_STREAM = fileURLToPath(new URL('./raw-stream.js', import.meta.url));
const PORT = 6_880;
const CHECK_SECONDS = 4;
/** Of a full packet of 1514 bytes on the wire, what TCP carries. */
const PAYLOAD_SHARE = 1448 / 1514;
/** More than this over the limit is no limit. */
const MAX_EXCESS = 1.05;

export interface ShapingFigures {
  /** What one host sent to another and what several sent to one, in payload bits per second. */
  readonly upBitsPerSecond: number;
  readonly downBitsPerSecond: number;
  /** What the bounds leave for payload when every packet is full. */
  readonly upExpected: number;
  readonly downExpected: number;
  /** Wire bytes for each payload byte, as tbf has counted them. */
  readonly wireShare: number;
}

/** Sends raw TCP from one shaped host to another, and from all of them to one. Throws when a link
 *  carries clearly more than it should. `from` are shaped alike. */
export async function checkShaping(
  stage: Stage,
  network: HostNetwork,
  options: {
    to: NetworkHost;
    from: readonly { index: number; upBitsPerSecond: number }[];
    downBitsPerSecond: number;
  },
): Promise<ShapingFigures> {
  const { to, from, downBitsPerSecond } = options;
  const senders = from.map((link) => ({ ...link, host: network.hosts[link.index]! }));
  const first = senders[0]!;
  const sentBefore = await network.wireBytesSent(first.index);
  const up = await streamTo(stage, to, [first]);
  const wireBytes = (await network.wireBytesSent(first.index)) - sentBefore;
  const down = await streamTo(stage, to, senders);
  const upSum = senders.reduce((sum, { upBitsPerSecond }) => sum + upBitsPerSecond, 0);
  const figures = {
    upBitsPerSecond: up.bestBytesPerSecond * 8,
    downBitsPerSecond: down.bestBytesPerSecond * 8,
    upExpected: first.upBitsPerSecond * PAYLOAD_SHARE,
    downExpected: Math.min(upSum, downBitsPerSecond) * PAYLOAD_SHARE,
    wireShare: wireBytes / up.bytes,
  };
  requireLimit('up', figures.upBitsPerSecond, figures.upExpected);
  requireLimit('down', figures.downBitsPerSecond, figures.downExpected);
  return figures;
}

interface RawStream {
  readonly bytes: number;
  readonly bestBytesPerSecond: number;
}

/** In words, for people. */
export function renderShaping(figures: ShapingFigures): string {
  const megabits = (value: number) => (value / 1e6).toFixed(1);
  const { upBitsPerSecond, downBitsPerSecond, upExpected, downExpected, wireShare } = figures;
  return [
    `raw TCP: one host sends ${megabits(upBitsPerSecond)} Mbit/s of payload (${megabits(upExpected)} expected),`,
    `one receives ${megabits(downBitsPerSecond)} from all (${megabits(downExpected)} expected);`,
    `${wireShare.toFixed(3)} wire bytes a payload byte`,
  ].join(' ');
}

async function streamTo(
  stage: Stage,
  to: NetworkHost,
  from: readonly { host: NetworkHost; upBitsPerSecond: number }[],
): Promise<RawStream> {
  const { address } = to;
  const start = (title: string, host: NetworkHost, args: readonly string[]) => {
    const command = [process.execPath, RAW_STREAM, ...args];
    return stage.start({ title, command, prefix: host.prefix });
  };
  const receive = ['receive', address, String(PORT), String(from.length)];
  const receiver = start('raw receiver', to, receive);
  await receiver.line(/^listening$/);
  const result = receiver.line(/^\{/);
  const senders = from.map(({ host, upBitsPerSecond }) => {
    const bytes = Math.round((upBitsPerSecond / 8) * CHECK_SECONDS);
    return start('raw sender', host, ['send', address, String(PORT), String(bytes)]);
  });
  await Promise.all(senders.map((sender) => sender.succeeded()));
  const { line } = await result;
  await receiver.succeeded();
  return JSON.parse(line) as RawStream;
}

function requireLimit(side: string, bitsPerSecond: number, expected: number): void {
  if (bitsPerSecond <= expected * MAX_EXCESS) return;
  const [found, wanted] = [bitsPerSecond, expected].map((value) => (value / 1e6).toFixed(1));
  throw new Error(`shaping ${side} does not work: ${found} Mbit/s instead of ${wanted}`);
}
