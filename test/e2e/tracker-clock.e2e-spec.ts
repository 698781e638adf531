import { expect, it } from 'vitest';
import { Clock } from '../support/clock.js';
import { eventually } from '../support/eventually.js';
import { startTracker, type RunningTracker } from '../support/start-tracker.js';
import { TempDir } from '../support/temp-dir.js';
import { sampleFile, TrackerPeer } from '../support/tracker-peer.js';
import { TrackerViews } from '../support/tracker-views.js';

const HOUR_MS = 60 * 60_000;
/** Far more than a lease, and far less than a step: the machine may be busy. */
const WAIT_MS = 30_000;

function startAt(folder: TempDir, clock: Clock): Promise<RunningTracker> {
  const flags = ['--lease', '1s'];
  return startTracker({ data: folder.file('data'), flags, env: clock.environment });
}

function onlineCount(tracker: RunningTracker): unknown {
  using views = new TrackerViews(tracker);
  return views.value('SELECT COUNT(*) FROM v_peers WHERE online = 1');
}

/** What the tracker itself answers. */
async function seederCount(tracker: RunningTracker): Promise<number> {
  await using caller = await tracker.caller();
  const { files } = await caller.call('list', { prefix: '', limit: 1 });
  return files[0]!.seeders;
}

async function becomesOffline(tracker: RunningTracker): Promise<void> {
  await eventually(async () => {
    expect([await seederCount(tracker), onlineCount(tracker)]).toEqual([0, 0]);
  }, AbortSignal.timeout(WAIT_MS));
}

it('believes nobody for longer than a lease when its clock is set back', async () => {
  await using folder = await TempDir.create();
  const clock = new Clock(folder.file('clock'));
  await using tracker = await startAt(folder, clock);
  clock.step(HOUR_MS);
  await using peer = await TrackerPeer.join(tracker);
  await peer.register(sampleFile({ seed: 1, chunkCount: 1 }), { name: 'a.bin' });
  clock.correct();
  await becomesOffline(tracker);
  expect(tracker.stderr).toContain('the clock was set back: leases that were cut short: 1');
});

it('notices that, too, when it was set back while no tracker ran', async () => {
  await using folder = await TempDir.create();
  const clock = new Clock(folder.file('clock'));
  await using tracker = await startAt(folder, clock);
  clock.step(HOUR_MS);
  await using peer = await TrackerPeer.join(tracker);
  await peer.register(sampleFile({ seed: 1, chunkCount: 1 }), { name: 'a.bin' });
  await tracker.kill('SIGKILL');
  clock.correct();
  await tracker.start();
  await becomesOffline(tracker);
});

it('has a peer back with its next heartbeat when its clock is set forwards', async () => {
  await using folder = await TempDir.create();
  const clock = new Clock(folder.file('clock'));
  await using tracker = await startAt(folder, clock);
  await using peer = await TrackerPeer.join(tracker);
  await peer.register(sampleFile({ seed: 1, chunkCount: 1 }), { name: 'a.bin' });
  clock.step(HOUR_MS);
  await becomesOffline(tracker);
  await peer.callAs('heartbeat', { bytesUp: 0, bytesDown: 0 });
  expect(await seederCount(tracker)).toBe(1);
});
