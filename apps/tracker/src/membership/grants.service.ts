import { Inject, Injectable } from '@nestjs/common';
import { CREDENTIAL_LIFETIME_MS, issueGrant } from '#identity';
import type { Digest } from '#protocol';
import type { Asker } from '../rpc/asker.js';
import { RecentMap } from '../store/recent-map.js';
import { TRACKER_KEY } from './membership.tokens.js';
import type { TrackerKey } from './tracker-key.js';

interface KeptGrant {
  readonly text: Promise<string>;
  readonly issuedAtMs: number;
}

/** As long as a membership: who leaves a group cannot open its files for longer than that. */
const LIFETIME_MS = CREDENTIAL_LIFETIME_MS;
const RENEWAL_AFTER_MS = LIFETIME_MS / 2;
const MAX_KEPT_COUNT = 32_768;

/** Signs who may have the content of a restricted digest, for those whom it was located for. One
 *  signature (0.5 ms) serves for half of its time. */
@Injectable()
export class Grants {
  private readonly kept = new RecentMap<string, KeptGrant>(MAX_KEPT_COUNT);

  constructor(@Inject(TRACKER_KEY) private readonly key: TrackerKey | undefined) {}

  /** The key of a located file as JSON with its comma; empty where nobody has to show a grant. The
   *  caller has made sure that the asker may have the file. */
  async renderFor(
    { identity }: Asker,
    file: { readonly digest: string; readonly everRestricted: 0 | 1 },
  ): Promise<string> {
    if (file.everRestricted === 0 || this.key === undefined || identity === undefined) return '';
    const digest = file.digest as Digest;
    const key = `${identity} ${digest}`;
    const nowMs = Date.now();
    const kept = this.kept.get(key);
    const ageMs = nowMs - (kept?.issuedAtMs ?? -Infinity);
    if (kept !== undefined && ageMs >= 0 && ageMs < RENEWAL_AFTER_MS) {
      return render(await kept.text);
    }
    const times = { nowMs, lifetimeMs: LIFETIME_MS };
    const text = issueGrant(this.key.issuer, { identity, digest }, times);
    this.kept.set(key, { text, issuedAtMs: nowMs });
    return render(await text);
  }
}

function render(grant: string): string {
  return `"grant":${JSON.stringify(grant)},`;
}
