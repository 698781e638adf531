import { setTimeout } from 'node:timers/promises';
import { formatEndpoint, type Endpoint } from '#protocol';
import type { TlsIdentity } from '#identity';
import { ProofListener } from '../../net/proof-listener.js';
import { candidateEndpoints } from '../announce/candidate-endpoints.js';
import type { PeerConfig } from '../peer-config.js';
import type { Finding } from './finding.js';
import type { TrackerVisit } from './tracker-visit.js';

/** The tracker is asked so often, and for so long, whether it could reach us. */
const POLL_MS = 500;
const TIMEOUT_MS = 15_000;
const ADVICE =
  'let others connect: choose a port with --listen 0.0.0.0:PORT and open it in the firewall, or name ' +
  'an address that leads here with --advertise HOST:PORT. Downloads work all the same, and so do ' +
  'uploads over connections that this peer opened';

type ListenConfig = Pick<PeerConfig, 'listen' | 'advertise'>;

/** Listens where a peer would, so that the tracker finds somebody when it tries. */
export class ReachabilityTrial implements AsyncDisposable {
  private constructor(
    private readonly config: ListenConfig,
    private readonly listener: ProofListener | undefined,
    /** What the tracker is told to try. */
    readonly endpoints: readonly Endpoint[],
    private readonly failure: string,
  ) {}

  static async open(own: TlsIdentity, config: ListenConfig): Promise<ReachabilityTrial> {
    const { listen, advertise } = config;
    try {
      const listener = await ProofListener.listen(own, listen);
      const endpoints = candidateEndpoints(listener.endpoint, advertise);
      return new ReachabilityTrial(config, listener, endpoints, '');
    } catch (error) {
      const { code = String(error) } = error as NodeJS.ErrnoException;
      const failure = `cannot listen on ${formatEndpoint(listen)}: ${code}`;
      return new ReachabilityTrial(config, undefined, [], failure);
    }
  }

  /** Waits until the tracker has tried, but not for ever. Rejects when it cannot be asked. */
  async outcome(visit: TrackerVisit, { signal }: { signal: AbortSignal }): Promise<Finding> {
    const check = 'reachability';
    if (this.listener === undefined) {
      const advice = 'name another address with --listen: is another process using this one?';
      const code = 'ADDRESS_UNAVAILABLE';
      return { check, state: 'failed', message: this.failure, advice, code };
    }
    const endMs = performance.now() + TIMEOUT_MS;
    let { reachable } = visit.welcome;
    while (reachable === null && performance.now() < endMs) {
      await setTimeout(POLL_MS, undefined, { signal });
      ({ reachable } = await visit.heartbeat({ signal }));
    }
    if (reachable === undefined) {
      return { check, state: 'skipped', message: 'this tracker does not try to connect to peers' };
    }
    if (reachable === true)
      return { check, state: 'ok', message: `others can connect ${this.where}` };
    const message =
      reachable === false
        ? `the tracker could not connect to this peer ${this.where}`
        : 'the tracker has not tried to connect to this peer';
    return { check, state: 'warning', message, advice: ADVICE };
  }

  private get where(): string {
    const { advertise } = this.config;
    if (advertise !== undefined) return `at ${formatEndpoint(advertise)}`;
    return `on port ${this.listener?.endpoint.port ?? 0}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.listener?.[Symbol.asyncDispose]();
  }
}
