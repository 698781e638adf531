import { networkKeyOf, verifyCredential, type NetworkKey } from '#identity';
import { formatEndpoint, type JoinReply } from '#protocol';
import { TransferError, type TransferCode } from '../../core/transfer-error.js';
import type { Home } from '../../disk/home.js';
import { TrackerClient } from '../../net/tracker-client.js';
import { callError } from '../lookup/tracker-refusal.js';
import { HomeTls } from '../membership/home-tls.js';
import type { NetworkAccess, PinnedAccess } from '../membership/network-access.js';
import { provenPath, trackerPath } from '../membership/tracker-paths.js';
import type { PeerConfig } from '../peer-config.js';
import type { Finding } from './finding.js';
import { ReachabilityTrial } from './reachability-trial.js';
import { TrackerVisit } from './tracker-visit.js';

/** What people read in lists and logs is wrong by that much. */
const MAX_CLOCK_DIFFERENCE_MS = 30_000;

const MEMBERSHIP_CODES: ReadonlySet<TransferCode> = new Set([
  'NOT_A_MEMBER',
  'MEMBER_REVOKED',
  'MEMBER_EXPIRED',
  'INVITE_UNKNOWN',
  'INVITE_EXPIRED',
  'INVITE_USED_UP',
]);

/** Joins as a process would, and leaves again: findings on the tracker, the membership, the clock
 *  and reachability. Rejects with the signal's reason, or with what is a bug. */
export async function checkNetwork(
  home: Home,
  config: PeerConfig,
  { signal }: { signal: AbortSignal },
): Promise<Finding[]> {
  const { network } = config;
  try {
    return network.mode === 'open'
      ? await checkOpen(home, config, signal)
      : await checkPinned(home, config, network, signal);
  } catch (error) {
    signal.throwIfAborted();
    const failure = callError(error, 'the tracker');
    if (!(failure instanceof TransferError)) throw error;
    const message = `${whereOf(network)} answers`;
    return withoutNetwork(failure, { check: 'tracker', state: 'ok', message });
  }
}

async function checkOpen(home: Home, config: PeerConfig, signal: AbortSignal): Promise<Finding[]> {
  const { network, programVersion } = config;
  using client = new TrackerClient(trackerPath(home, network));
  const about = { home, programVersion, endpoints: [] };
  await using visit = await TrackerVisit.begin(client, about, { signal });
  return [
    answered(network, visit, 'not encrypted'),
    { check: 'membership', state: 'skipped', message: 'there is none without encryption' },
    checkClock(visit.welcome),
    { check: 'reachability', state: 'skipped', message: 'nobody tries it without encryption' },
  ];
}

async function checkPinned(
  home: Home,
  config: PeerConfig,
  network: PinnedAccess,
  signal: AbortSignal,
): Promise<Finding[]> {
  const tls = new HomeTls(home);
  let key: NetworkKey | undefined;
  const path = provenPath(network, {
    tls,
    onProven: ({ publicKey }) => (key = networkKeyOf(publicKey)),
  });
  using client = new TrackerClient(path);
  await using trial = await ReachabilityTrial.open(await tls.identity(), config);
  const { endpoints } = trial;
  const about = { home, programVersion: config.programVersion, endpoints };
  await using visit = await TrackerVisit.begin(client, about, { signal });
  return [
    answered(network, visit, `encrypted, and it is ${network.fingerprint}`),
    await checkMembership(visit.welcome, home, key),
    checkClock(visit.welcome),
    await trial.outcome(visit, { signal }),
  ];
}

function answered(network: NetworkAccess, visit: TrackerVisit, how: string): Finding {
  const tookMs = visit.roundTripMs.toFixed(1);
  const message = `${whereOf(network)} answers in ${tookMs} ms, ${how}`;
  return { check: 'tracker', state: 'ok', message };
}

/** What the tracker says of this home, checked as other members check it. */
async function checkMembership(
  { credential, timeMs }: JoinReply,
  home: Home,
  key: NetworkKey | undefined,
): Promise<Finding> {
  const check = 'membership';
  if (credential === undefined || key === undefined) {
    const message = 'the tracker gives this home no credential to show to others';
    const advice = 'ask its operator to update and start it again';
    return { check, state: 'failed', message, advice, code: 'TRACKER_REFUSED' };
  }
  const token = { network: key, holder: home.identity, nowMs: timeMs ?? Date.now() };
  const { role, groups } = await verifyCredential(credential, token);
  const list = groups.length === 0 ? 'no groups' : `groups ${groups.join(', ')}`;
  return { check, state: 'ok', message: `${home.identity} is a member: ${role}, ${list}` };
}

function checkClock({ timeMs }: JoinReply): Finding {
  const check = 'clock';
  if (timeMs === undefined) {
    return { check, state: 'skipped', message: 'the tracker does not tell its time' };
  }
  const differenceMs = Date.now() - timeMs;
  const seconds = Math.round(Math.abs(differenceMs) / 1_000);
  const message = `${seconds} s ${differenceMs < 0 ? 'behind' : 'ahead of'} the tracker's`;
  if (Math.abs(differenceMs) <= MAX_CLOCK_DIFFERENCE_MS) return { check, state: 'ok', message };
  const advice = 'set the clock of this machine, or that of the tracker: which one is wrong?';
  return { check, state: 'warning', message, advice };
}

/** What is left when the tracker could not be asked, or does not take this home for a member;
 *  `tracker` is what is found of it in the second case. */
export function withoutNetwork(
  { code, message }: TransferError,
  tracker: Finding = skipped('tracker'),
): Finding[] {
  const rest = [skipped('clock'), skipped('reachability')];
  if (MEMBERSHIP_CODES.has(code)) {
    return [tracker, { check: 'membership', state: 'failed', message, code }, ...rest];
  }
  const advice =
    code === 'TRACKER_UNREACHABLE'
      ? 'does it run, is that its address, and do firewalls on the way let its port through?'
      : undefined;
  const failed: Finding = { check: 'tracker', state: 'failed', message, code };
  return [
    advice === undefined ? failed : { ...failed, advice },
    { check: 'membership', state: 'skipped', message: 'only the tracker knows' },
    ...rest,
  ];
}

function skipped(check: Finding['check']): Finding {
  return { check, state: 'skipped', message: 'there is no way into the network' };
}

function whereOf(network: NetworkAccess): string {
  return network.trackers.map(formatEndpoint).join(', ');
}
