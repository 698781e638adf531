import type { VerifiedGrant } from '#identity';
import {
  MAX_CREDENTIAL_CHARS,
  MAX_QUEUED_REQUEST_COUNT,
  OPEN_FIELDS,
  ProtocolError,
  type Digest,
  type Identity,
  type OpenMessage,
  type TlvField,
  type WireMessage,
} from '#protocol';
import type { Grants } from '../membership/grants.js';

/** Messages that may wait behind opens: requests, and what describes the files. */
const MAX_WAITING_COUNT = 4 * MAX_QUEUED_REQUEST_COUNT;
/** Opens that may wait at once: who downloads many small files opens all of them in one go. */
const MAX_UNCHECKED_COUNT = MAX_QUEUED_REQUEST_COUNT;

/** What was shown, and what it says. */
interface Right {
  readonly text: string;
  readonly grant: VerifiedGrant;
}

export interface GateHost {
  isOpen(): boolean;
  /** Handles a message as if it came now. */
  replay(message: WireMessage): void;
  failed(error: Error): void;
}

/** The rights of one connection's other end to files that not every member may have. */
export class GrantGate {
  private readonly rights = new Map<Digest, Right>();
  /** What came behind opens, by their file numbers, while their grants are being checked. */
  private readonly waiting = new Map<number, WireMessage[]>();
  private waitingCount = 0;
  private checked: OpenMessage | undefined;

  constructor(
    private readonly holder: Identity,
    private readonly grants: Grants,
    private readonly host: GateHost,
  ) {}

  /** What we show as we open a file. */
  fieldsFor(digest: Digest): readonly TlvField[] {
    const grant = this.grants.shown(digest);
    return grant === undefined ? [] : [{ type: OPEN_FIELDS.grant, value: Buffer.from(grant) }];
  }

  /** Whether a message waits for a grant to be checked. Throws ProtocolError TOO_MANY_REQUESTS when too
   *  many do, and UNEXPECTED_FRAME when their file number is opened again. */
  holds(message: WireMessage): boolean {
    if (this.waiting.size === 0 || !('fileNumber' in message)) return false;
    if (message.type === 'close' && message.numberedBy === 'receiver') return false;
    const behind = this.waiting.get(message.fileNumber);
    if (behind === undefined) return false;
    if (message.type === 'open') {
      const { fileNumber } = message;
      throw new ProtocolError('UNEXPECTED_FRAME', { reason: 'file number is taken', fileNumber });
    }
    const isBitfield = message.type === 'bitfield';
    if (isBitfield && behind.some(({ type }) => type === 'bitfield')) {
      throw new ProtocolError('UNEXPECTED_FRAME', { got: 'a second bitfield' });
    }
    this.waitingCount += 1;
    if (this.waitingCount > MAX_WAITING_COUNT) throw new ProtocolError('TOO_MANY_REQUESTS');
    const isBits = isBitfield && typeof message.held !== 'string';
    behind.push(isBits ? { ...message, held: Buffer.from(message.held) } : message);
    return true;
  }

  /** Whether an open has to wait for its grant to be checked; then it is replayed. What was checked
   *  here before is not checked again. Throws ProtocolError TOO_MANY_REQUESTS when too many wait. */
  delays(message: OpenMessage): boolean {
    if (this.checked === message || !this.grants.demands(message.digest)) return false;
    const grant = message.fields.find(({ type }) => type === OPEN_FIELDS.grant);
    if (grant === undefined || grant.value.length > MAX_CREDENTIAL_CHARS) return false;
    const text = Buffer.from(grant.value).toString('latin1');
    if (this.rights.get(message.digest)?.text === text && this.admits(message.digest)) return false;
    if (this.waiting.size >= MAX_UNCHECKED_COUNT) throw new ProtocolError('TOO_MANY_REQUESTS');
    this.waiting.set(message.fileNumber, []);
    // Its fields are not kept: they may be long.
    void this.check({ ...message, fields: [] }, text);
    return true;
  }

  /** Whether the other end may have chunks of it. */
  admits(digest: Digest): boolean {
    if (!this.grants.demands(digest)) return true;
    const right = this.rights.get(digest);
    return right !== undefined && !this.grants.isOver(right.grant);
  }

  /** The other end has given us a chunk, which is what the digest says. */
  wasGiven(digest: Digest): void {
    if (this.grants.shown(digest) === undefined) this.grants.wasGiven(digest);
  }

  /** The other end asks for a grant that we have not got yet. */
  isMissing(digest: Digest): boolean {
    return this.grants.isMissed(digest);
  }

  private async check(message: OpenMessage, text: string): Promise<void> {
    const { digest, fileNumber } = message;
    try {
      const grant = await this.grants.verify(text, this.holder, digest);
      this.rights.set(digest, { text, grant });
    } catch (error) {
      if (!(error instanceof ProtocolError)) {
        this.host.failed(error as Error);
        return;
      }
    }
    const behind = this.waiting.get(fileNumber) ?? [];
    this.waiting.delete(fileNumber);
    this.waitingCount -= behind.length;
    try {
      this.checked = message;
      for (const held of [message, ...behind]) if (this.host.isOpen()) this.host.replay(held);
    } catch (error) {
      this.host.failed(error as Error);
    }
  }
}
