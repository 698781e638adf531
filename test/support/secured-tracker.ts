import { once } from 'node:events';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { parseInvite, type Endpoint, type EnrolReply, type Invite } from '#protocol';
import { runTracker, type TrackerRun } from './run-tracker.js';
import { securedEnvironment, startTracker, type RunningTracker } from './start-tracker.js';
import { newTlsIdentity, type NamedTlsIdentity } from './tls-identity.js';
import { TrackerCaller } from './tracker-caller.js';
import { TrackerPeer } from './tracker-peer.js';

/** A tracker as it starts by default, encrypted and for members only, and who calls it by hand. */
export class SecuredTracker implements AsyncDisposable {
  private constructor(readonly tracker: RunningTracker) {}

  static async start(flags: readonly string[] = []): Promise<SecuredTracker> {
    return new SecuredTracker(await startTracker({ access: 'secured', flags }));
  }

  get invite(): Invite {
    return parseInvite(this.tracker.invite);
  }

  get data(): string {
    return this.tracker.data;
  }

  get pointerPath(): string {
    return pointerOf(this.tracker);
  }

  /** A hand-made TLS connection that believes anybody. */
  async connect(options: ConnectionOptions): Promise<TLSSocket> {
    const socket = connect({
      ...this.tracker.address,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
      ALPNProtocols: ['shoal-tracker/1'],
      ...options,
    });
    await once(socket, 'secureConnect');
    return socket;
  }

  /** Proves to be somebody, who may be no member. */
  async callAs(who: NamedTlsIdentity): Promise<TrackerCaller> {
    const socket = await this.connect({ key: who.keyPem, cert: who.certificatePem });
    return TrackerCaller.over(socket);
  }

  /** Enrols over a connection of its own. */
  async enrol(who: NamedTlsIdentity, token: string = this.invite.token): Promise<EnrolReply> {
    await using caller = await this.callAs(who);
    return await caller.call('enrol', { token, hostname: 'test-host' });
  }

  /** A member's process that has joined. */
  async join(
    who: NamedTlsIdentity,
    { endpoints }: { endpoints?: readonly Endpoint[] } = {},
  ): Promise<TrackerPeer> {
    const { identity } = who;
    const named = endpoints === undefined ? {} : { endpoints };
    return TrackerPeer.join({ caller: () => this.callAs(who) }, { identity, ...named });
  }

  /** A new identity that has enrolled. */
  async newMember(token?: string): Promise<NamedTlsIdentity> {
    const who = await newTlsIdentity();
    await this.enrol(who, token);
    return who;
  }

  /** Runs `tracker ARGS… --data DATA` to its end. */
  run(...args: string[]): Promise<TrackerRun> {
    const env = securedEnvironment(this.tracker.userHome);
    return runTracker([...args, '--data', this.data], env);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tracker[Symbol.asyncDispose]();
  }
}

/** Where peers of the user that runs a tracker look for it. */
export function pointerOf(tracker: RunningTracker): string {
  return `${tracker.userHome}/.local/share/shoal/tracker-invite`;
}
