import {
  decodeMessage,
  HANDSHAKE_TIMEOUT_MS,
  type HelloMessage,
  type PeerId,
  type WireCode,
} from '#protocol';
import { EarlyFrames } from './early-frames.js';
import { acceptHello, encodeHello, type OwnHello } from './handshake.js';
import type { MemberProof } from './member-proof.js';

/** Who meets whom, and how that is proven. */
export interface HelloOptions {
  /** When dialling, with our credential where one is asked for. */
  readonly self: OwnHello;
  readonly direction: 'dialled' | 'accepted';
  /** Set when dialled: who must answer. */
  readonly expectedPeerId?: PeerId;
  /** Where members have to prove who they are: of the other end. */
  readonly proof?: MemberProof | undefined;
  readonly handshakeTimeoutMs?: number;
}

/** The connection whose hellos are exchanged. */
export interface HelloHost {
  readonly isOpen: boolean;
  write(bytes: Buffer): void;
  /** Nothing is to be read until {@link HelloHost.resume}. */
  pause(): void;
  resume(): void;
  /** Both ends have said hello. */
  onMet(): void;
  onGoodbye(code: WireCode, text: string): void;
  onRefused(error: Error): void;
  /** What came behind the hello while it was being checked. */
  onBody(body: Uint8Array): void;
}

/** The hellos of one connection. Source: docs/wire-protocol.md, "Life of a connection". */
export class HelloExchange {
  /** Of the other end, once it has said a valid hello. */
  remotePeerId: PeerId | undefined;
  /** What the other end knows our membership by. */
  private shownCredential: string | undefined;
  /** While the other end's membership is being checked. */
  private early: EarlyFrames | undefined;

  constructor(
    private readonly options: HelloOptions,
    private readonly host: HelloHost,
  ) {}

  /** An acceptor says nothing to whoever has not said a valid hello. */
  get hasSpoken(): boolean {
    return this.options.direction === 'dialled' || this.remotePeerId !== undefined;
  }

  begin(): void {
    if (this.options.direction === 'dialled') this.say(this.options.self);
  }

  /** Whether the other end is yet to be told of this membership of ours; it counts as told then. */
  shows(credential: string): boolean {
    const isNews = this.shownCredential !== credential;
    this.shownCredential = credential;
    return isNews;
  }

  /** A frame before both ends have met. Throws ProtocolError as {@link acceptHello} does. */
  receive(body: Uint8Array): void {
    if (this.early !== undefined) {
      this.early.keep(body);
      return;
    }
    const message = decodeMessage(body);
    if (message?.type === 'goodbye') {
      this.host.onGoodbye(message.code, message.text);
      return;
    }
    const { self, expectedPeerId, proof } = this.options;
    const hello = acceptHello(message, {
      self: self.peerId,
      expected: expectedPeerId,
      proven: proof?.identity,
    });
    this.remotePeerId = hello.peerId;
    if (proof === undefined) this.meet(self);
    else
      void this.check(proof, hello).catch((error: unknown) => this.host.onRefused(error as Error));
  }

  /** Nothing more is read until it is known whether the other end is a member. */
  private async check(proof: MemberProof, hello: HelloMessage): Promise<void> {
    const { self, handshakeTimeoutMs = HANDSHAKE_TIMEOUT_MS } = this.options;
    const signal = AbortSignal.timeout(handshakeTimeoutMs);
    const early = new EarlyFrames();
    this.early = early;
    this.host.pause();
    await proof.accept(hello, { signal });
    const credential = self.credential ?? (await proof.ownCredential({ signal }));
    if (!this.host.isOpen) return;
    this.early = undefined;
    this.meet({ ...self, credential });
    for (const body of early.bodies) this.host.onBody(body);
    this.host.resume();
  }

  private meet(hello: OwnHello): void {
    if (this.options.direction === 'accepted') this.say(hello);
    this.host.onMet();
  }

  private say(hello: OwnHello): void {
    this.shownCredential = hello.credential;
    this.host.write(encodeHello(hello));
  }
}
