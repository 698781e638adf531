import type { DialContext, TlsIdentity, VerifiedCredential } from '#identity';
import { HELLO_FIELDS, ProtocolError, type HelloMessage, type Identity } from '#protocol';

/** A member renews twice in a credential's life; who does it all the time wants to keep us busy. */
const SPARE_RENEWAL_COUNT = 16;
const RENEWAL_INTERVAL_MS = 30_000;

/** Knows who is a member, and proves that we are. */
export interface MemberCheck {
  /** Our membership, signed; waits until there is one. */
  ownCredential(options: { signal: AbortSignal }): Promise<string>;
  /** Rejects with ProtocolError NOT_AUTHORISED, or the signal's reason. */
  verify(
    credential: string,
    holder: Identity,
    options: { signal: AbortSignal },
  ): Promise<VerifiedCredential>;
}

/** What it takes to connect to members, and to nobody else. */
export interface Secured {
  readonly own: TlsIdentity;
  readonly context: DialContext;
  readonly members: MemberCheck;
}

/** What the other end of one connection has proven, and goes on proving: its identity by the handshake,
 *  its membership by what it shows. */
export class MemberProof {
  private latest: VerifiedCredential | undefined;
  private renewalCount = 0;
  private isChecking = false;
  /** Came while another one was being checked. */
  private waiting: string | undefined;
  private readonly sinceMs = performance.now();

  constructor(
    readonly identity: Identity,
    private readonly members: MemberCheck,
  ) {}

  /** Undefined until the hello is accepted. */
  get credential(): VerifiedCredential | undefined {
    return this.latest;
  }

  /** Checks the membership that a hello shows. Rejects with ProtocolError NOT_AUTHORISED. */
  async accept(hello: HelloMessage, options: { signal: AbortSignal }): Promise<void> {
    const field = hello.fields.find(({ type }) => type === HELLO_FIELDS.credential);
    if (field === undefined) throw new ProtocolError('NOT_AUTHORISED', { reason: 'no credential' });
    const text = Buffer.from(field.value).toString('latin1');
    this.latest = await this.members.verify(text, this.identity, options);
  }

  /** Our own membership, to show in return. */
  ownCredential(options: { signal: AbortSignal }): Promise<string> {
    return this.members.ownCredential(options);
  }

  /** Takes a renewed membership; `onRefused` is told when it is none. Throws ProtocolError
   *  TOO_MANY_REQUESTS when they come all the time. */
  renew(credential: string, onRefused: (error: Error) => void): void {
    this.renewalCount += 1;
    const elapsedMs = performance.now() - this.sinceMs;
    if (this.renewalCount > SPARE_RENEWAL_COUNT + elapsedMs / RENEWAL_INTERVAL_MS) {
      throw new ProtocolError('TOO_MANY_REQUESTS', { got: 'credentials' });
    }
    this.waiting = credential;
    if (!this.isChecking)
      void this.checkWaiting().catch((error: unknown) => onRefused(error as Error));
  }

  private async checkWaiting(): Promise<void> {
    this.isChecking = true;
    const { signal } = new AbortController();
    while (this.waiting !== undefined) {
      const credential = this.waiting;
      this.waiting = undefined;
      this.latest = await this.members.verify(credential, this.identity, { signal });
    }
    this.isChecking = false;
  }
}
