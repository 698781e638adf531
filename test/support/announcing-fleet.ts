import { createDialContext, newPeerId } from '#identity';
import { Bitfield, Manifest, type FileResult, type Identity, type Invite } from '#protocol';
import { UntoldCompletions } from '../../apps/peer/src/disk/untold-completions.js';
import { Announcer } from '../../apps/peer/src/engine/announce/announcer.js';
import { Transfer } from '../../apps/peer/src/engine/transfer/transfer.js';
import { TrackerClient } from '../../apps/peer/src/net/tracker-client.js';
import { pinnedPath, type TrackerPath } from '../../apps/peer/src/net/tracker-path.js';
import { SessionLab } from './session-lab.js';
import { newTlsIdentity } from './tls-identity.js';
import { sampleFile } from './tracker-peer.js';

interface FleetMember {
  readonly client: TrackerClient;
  readonly announcer: Announcer;
  state: 'lost' | 'back';
}

const NOBODY_READS = { readRun: () => Promise.reject(new Error('nobody reads it')) };

/** Somebody new, and how it gets to the tracker that it was invited to. */
async function invited({ tracker, token, fingerprint }: Invite): Promise<[Identity, TrackerPath]> {
  const own = await newTlsIdentity();
  const context = createDialContext(own);
  const path = pinnedPath({
    trackers: [tracker],
    fingerprint,
    context: () => Promise.resolve(context),
    enrolment: { token, hostname: 'fleet' },
  });
  return [own.identity, path];
}

/** What many processes tell a tracker, by the real code that they tell it with, from one process; without
 *  files and without connections among them. Each is an identity of its own. */
export class AnnouncingFleet implements AsyncDisposable {
  private readonly members: FleetMember[] = [];

  private constructor(private readonly lab: SessionLab) {}

  /** So many who are invited; they enrol and join as soon as something is announced. */
  static async open(count: number, { invite }: { invite: Invite }): Promise<AnnouncingFleet> {
    const fleet = new AnnouncingFleet(await SessionLab.open());
    for (let index = 0; index < count; index += 1) fleet.add(...(await invited(invite)));
    return fleet;
  }

  get count(): number {
    return this.members.length;
  }

  /** Those whose tracker has not answered lately. */
  get lostCount(): number {
    return this.members.filter(({ state }) => state === 'lost').length;
  }

  /** All of them say at once that they have a file, or so many at a time, which wakes those that wait for
   *  a tracker that was away. Resolves once the tracker has confirmed it to each. */
  async announce(seed: number, atOnceCount = this.count): Promise<string> {
    const { sizeBytes, hashes } = sampleFile({ seed, chunkCount: 1 });
    const manifest = Manifest.fromHashes({ sizeBytes, hashes: Buffer.from(hashes, 'base64') });
    for (let from = 0; from < this.count; from += atOnceCount) {
      const some = this.members.slice(from, from + atOnceCount);
      const results = await Promise.all(some.map((member) => this.announceBy(member, manifest)));
      const refused = results.flat().find((result: FileResult) => !result.ok);
      if (refused !== undefined) throw new Error(`refused: ${JSON.stringify(refused)}`);
    }
    return manifest.digest;
  }

  private announceBy(
    { announcer }: FleetMember,
    manifest: Manifest,
  ): Promise<readonly FileResult[]> {
    const held = Bitfield.full(manifest.chunkCount);
    const transfer = new Transfer(manifest, held, NOBODY_READS, this.lab.session.transferHost);
    const announced = announcer.announce(transfer, [{ name: undefined, naming: 'keep' }]);
    announcer.start();
    return announced;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.members.map(({ announcer }) => announcer.stop()));
    for (const { client } of this.members) client.close();
    await this.lab[Symbol.asyncDispose]();
  }

  private add(identity: Identity, path: TrackerPath): void {
    const client = new TrackerClient(path);
    const announcer = new Announcer(client, {
      peerId: newPeerId(identity),
      programVersion: '0.0.0',
      endpoints: () => [],
      counters: () => ({ bytesUp: 0, bytesDown: 0 }),
      trackerChanged: (state) => (member.state = state),
      registered: () => undefined,
      heard: () => undefined,
      unreachable: () => undefined,
      untold: new UntoldCompletions(this.lab.file('untold')),
      completionsUntold: () => undefined,
    });
    const member: FleetMember = { client, announcer, state: 'back' };
    this.members.push(member);
  }
}
