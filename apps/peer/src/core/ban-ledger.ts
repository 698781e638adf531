import { identityOf, type Identity, type PeerId, type ProtocolCode } from '#protocol';

const DEFAULT_OPTIONS = {
  maxStrikeCount: 3,
  strikeWindowMs: 10 * 60_000,
  banMs: 60 * 60_000,
  maxPeerCount: 4_096,
  by: 'peerId' as 'peerId' | 'identity',
};

interface Offence {
  /** Times of strikes that still count, the oldest first; at most `maxStrikeCount`. */
  strikesAtMs: number[];
  bannedUntilMs: number;
  code: ProtocolCode;
}

/**
 * Who broke the rules, how often and for how long it is banned: `maxStrikeCount` strikes within
 * `strikeWindowMs` are a ban for `banMs`. Remembers `maxPeerCount` peers; the one whose last strike
 * is oldest is forgotten first. `by` identity, all peer ids of one are one peer: for where identities
 * are proven, since whoever has one may say any peer id of it.
 */
export class BanLedger {
  private readonly options: typeof DEFAULT_OPTIONS;
  private readonly offences = new Map<PeerId | Identity, Offence>();

  constructor(options: Partial<typeof DEFAULT_OPTIONS> = {}) {
    this.options = { ...DEFAULT_OPTIONS, ...options };
  }

  get peerCount(): number {
    return this.offences.size;
  }

  /** A strike against a banned peer starts the ban anew. */
  strike(entry: { peerId: PeerId; code: ProtocolCode; nowMs: number }): 'struck' | 'banned' {
    const { code, nowMs } = entry;
    const offender = this.offenderOf(entry.peerId);
    const before = this.offences.get(offender);
    const wasBanned = this.isBanned(entry);
    const recent = (before?.strikesAtMs ?? []).filter(
      (atMs) => nowMs - atMs < this.options.strikeWindowMs,
    );
    const strikesAtMs = [...recent, nowMs].slice(-this.options.maxStrikeCount);
    const isBan = wasBanned || strikesAtMs.length >= this.options.maxStrikeCount;
    const bannedUntilMs = isBan ? nowMs + this.options.banMs : -Infinity;
    this.offences.delete(offender);
    this.offences.set(offender, { strikesAtMs, bannedUntilMs, code });
    this.forgetOldest();
    return isBan ? 'banned' : 'struck';
  }

  isBanned(question: { peerId: PeerId; nowMs: number }): boolean {
    const offence = this.offences.get(this.offenderOf(question.peerId));
    return offence !== undefined && question.nowMs < offence.bannedUntilMs;
  }

  /** The code of the peer's last strike. */
  lastCode(peerId: PeerId): ProtocolCode | undefined {
    return this.offences.get(this.offenderOf(peerId))?.code;
  }

  private offenderOf(peerId: PeerId): PeerId | Identity {
    return this.options.by === 'identity' ? identityOf(peerId) : peerId;
  }

  private forgetOldest(): void {
    for (const offender of this.offences.keys()) {
      if (this.offences.size <= this.options.maxPeerCount) return;
      this.offences.delete(offender);
    }
  }
}
