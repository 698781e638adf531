import { CLOCK_SKEW_MS, CREDENTIAL_LIFETIME_MS, type VerifiedCredential } from '#identity';

/** More are known to the tracker; their credentials end by themselves. */
const MAX_COUNT = 16_384;

/** Members that are none any more, while credentials of theirs may still look valid. */
export class Revocations {
  /** When the tracker last said so, oldest first. */
  private readonly saidMs = new Map<string, number>();

  /** `offlineGraceMs`: how long credentials are taken after their end. */
  constructor(private readonly offlineGraceMs: number) {}

  heard(identities: readonly string[], nowMs: number): void {
    for (const identity of identities) {
      this.saidMs.delete(identity);
      this.saidMs.set(identity, nowMs);
    }
    const keptMs = CREDENTIAL_LIFETIME_MS + CLOCK_SKEW_MS + this.offlineGraceMs;
    for (const [identity, saidMs] of this.saidMs) {
      if (this.saidMs.size <= MAX_COUNT && nowMs - saidMs <= keptMs) break;
      this.saidMs.delete(identity);
    }
  }

  /** Whether a credential was overtaken; one that is issued later is of a member that was let in again. */
  include({ identity, issuedAtMs }: VerifiedCredential): boolean {
    return issuedAtMs <= (this.saidMs.get(identity) ?? -Infinity);
  }
}
