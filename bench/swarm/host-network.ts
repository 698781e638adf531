import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { runCommand } from '../harness/command.js';

/** What a host's link carries; without one, as much as the machine can. */
export interface Link {
  readonly upBitsPerSecond: number;
  readonly downBitsPerSecond: number;
}

export interface NetworkHost {
  readonly address: string;
  /** Runs what follows in the host's namespace. */
  readonly prefix: readonly string[];
}

/** Bytes that have gone over a host's link so far; headers of merged packets are not in them. */
export interface LinkBytes {
  readonly sent: number;
  readonly received: number;
}

const PREFIX = 'shoal-bench';
const FOLDER = '/run/netns';
// The queue of a link holds this much: 50 ms at full rate, and never less than some big packets.
const QUEUE_SECONDS = 0.05;
const MIN_QUEUE_BYTES = 256 * 1024;
// One packet as the host makes it (64 KiB) fits the bucket, so tbf need not cut it up.
const BURST_BYTES = 68 * 1024;

/** Hosts with a network namespace each, on a bridge in one more. Every host's traffic is shaped by
 *  tbf on its way out (on the host's own end of its cable) and in (on the bridge's end). tbf counts
 *  the headers of every packet that leaves a real wire, also while several travel as one. */
export class HostNetwork implements AsyncDisposable {
  private readonly onExit = () => {
    for (const name of this.names()) spawnSync('ip', ['netns', 'delete', name]);
  };

  private constructor(
    private readonly id: string,
    readonly hosts: readonly NetworkHost[],
    private readonly keeper: ChildProcess,
  ) {
    process.on('exit', this.onExit);
  }

  /** One host for each link; an absent link is not shaped. Needs root. */
  static async open(links: readonly (Link | undefined)[]): Promise<HostNetwork> {
    await removeStale();
    const id = `${PREFIX}-${process.pid}`;
    const names = links.map((_, index) => `${id}-${index}`);
    const setup = [`${id}-hub`, ...names].map((name) => `netns add ${name}`);
    const cables = names.map((name, index) => {
      return `link add eth0 netns ${name} type veth peer name host${index} netns ${id}-hub`;
    });
    await runCommand(['ip', '-batch', '-'], { input: [...setup, ...cables].join('\n') });
    const keeper = spawn('nsenter', [`--net=${FOLDER}/${id}-hub`, 'sleep', 'infinity']);
    const hosts = names.map((name, index) => {
      return { address: addressOf(index), prefix: ['nsenter', `--net=${FOLDER}/${name}`] };
    });
    const network = new HostNetwork(id, hosts, keeper);
    try {
      await network.connect(links);
      return network;
    } catch (error) {
      await network.close();
      throw error;
    }
  }

  /** All bytes that have left a host over its shaped link, headers included. */
  async wireBytesSent(hostIndex: number): Promise<number> {
    const show = ['-n', `${this.id}-${hostIndex}`, '-s', '-j', 'qdisc', 'show', 'dev', 'eth0'];
    const [first] = JSON.parse(await runCommand(['tc', ...show])) as { bytes: number }[];
    return first!.bytes;
  }

  /** Of every host, in their order. Cheap enough to be read many times a second. */
  async linkBytes(): Promise<LinkBytes[]> {
    const table = await readFile(`/proc/${this.keeper.pid!}/net/dev`, 'utf8');
    return this.hosts.map((_, index) => {
      const row = new RegExp(`host${index}:\\s*(.+)`).exec(table)![1]!.split(/\s+/).map(Number);
      return { sent: row[0]!, received: row[8]! };
    });
  }

  async close(): Promise<void> {
    this.keeper.kill('SIGKILL');
    for (const name of this.names()) await runCommand(['ip', 'netns', 'delete', name]);
    process.off('exit', this.onExit);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private names(): string[] {
    return [...this.hosts.map((_, index) => `${this.id}-${index}`), `${this.id}-hub`];
  }

  private async connect(links: readonly (Link | undefined)[]): Promise<void> {
    const hub = ['link add bridge type bridge', 'link set bridge up'];
    const ports = links.map((_, index) => `link set host${index} master bridge up`);
    await batch('ip', `${this.id}-hub`, [...hub, ...ports]);
    const shaping = links.flatMap((link, index) => {
      return link === undefined ? [] : [shape(`host${index}`, link.downBitsPerSecond)];
    });
    await batch('tc', `${this.id}-hub`, shaping);
    for (const [index, link] of links.entries()) {
      const name = `${this.id}-${index}`;
      const address = `address add ${addressOf(index)}/16 dev eth0`;
      await batch('ip', name, ['link set lo up', address, 'link set eth0 up']);
      if (link !== undefined) await batch('tc', name, [shape('eth0', link.upBitsPerSecond)]);
    }
  }
}

const addressOf = (index: number) => `10.77.${index >> 7}.${(index & 127) + 1}`;

const batch = (program: 'ip' | 'tc', namespace: string, lines: readonly string[]) =>
  runCommand([program, '-n', namespace, '-batch', '-'], { input: lines.join('\n') });

function shape(device: string, bitsPerSecond: number): string {
  const queueBytes = Math.max(MIN_QUEUE_BYTES, (bitsPerSecond / 8) * QUEUE_SECONDS);
  const bucket = `rate ${bitsPerSecond}bit burst ${BURST_BYTES} limit ${Math.round(queueBytes)}`;
  return `qdisc add dev ${device} root tbf ${bucket}`;
}

/** Takes away what a benchmark that was killed has left. */
async function removeStale(): Promise<void> {
  const names = await readdir(FOLDER).catch(() => []);
  for (const name of names) {
    const owner = new RegExp(`^${PREFIX}-(\\d+)-`).exec(name)?.[1];
    if (owner !== undefined && !(await isRunning(owner))) {
      await runCommand(['ip', 'netns', 'delete', name]);
    }
  }
}

async function isRunning(processId: string): Promise<boolean> {
  return readFile(`/proc/${processId}/stat`).then(
    () => true,
    () => false,
  );
}
