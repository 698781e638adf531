import { expect, it } from 'vitest';
import { parseInvite } from '#protocol';
import { AnnouncingFleet } from '../support/announcing-fleet.js';
import { eventually } from '../support/eventually.js';
import { startTracker } from '../support/start-tracker.js';
import { TrackerViews } from '../support/tracker-views.js';

const PEER_COUNT = 2_000;
/** The default of `tracker start`. */
const LEASE_MS = 60_000;
/** To make two thousand certificates, and to join one after the other, which is not what is tested. */
const TEST_TIMEOUT_MS = 300_000;
/** How many join at a time at first. */
const AT_ONCE_COUNT = 50;

it(
  '2,000 peers that come back at once after a restart are all there again within one lease',
  async () => {
    await using tracker = await startTracker({ access: 'secured' });
    const invite = parseInvite(tracker.invite);
    await using fleet = await AnnouncingFleet.open(PEER_COUNT, { invite });
    const before = await fleet.announce(1, AT_ONCE_COUNT);
    await tracker.kill('SIGKILL');
    const whileAway = fleet.announce(2);
    await eventually(() => expect(fleet.lostCount).toBe(PEER_COUNT));
    await tracker.start();
    const restartedAt = new Date().toISOString();
    const lease = AbortSignal.timeout(LEASE_MS);
    // News wake all who wait for the tracker: they come in the same moment.
    const digests = [before, ...(await Promise.all([whileAway, fleet.announce(3)]))];
    using views = new TrackerViews(tracker);
    await eventually(() => {
      const back = 'SELECT COUNT(*) FROM v_peers WHERE online = 1 AND last_seen_at >= ?';
      expect(views.value(back, restartedAt)).toBe(PEER_COUNT);
      for (const digest of digests) {
        const held = 'SELECT COUNT(*) FROM v_ownership WHERE digest = ? AND complete = 1';
        expect(views.value(held, digest)).toBe(PEER_COUNT);
      }
      expect(fleet.lostCount).toBe(0);
    }, lease);
    expect(lease.aborted).toBe(false);
  },
  TEST_TIMEOUT_MS,
);
