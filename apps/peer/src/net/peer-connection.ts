import type { Socket } from 'node:net';
import {
  decodeMessage,
  encodeDataHeader,
  encodeMessage,
  FrameSplitter,
  HANDSHAKE_TIMEOUT_MS,
  KEEPALIVE_INTERVAL_MS,
  MAX_SILENCE_MS,
  ProtocolError,
  WIRE_CODES,
  type DataMessage,
  type PeerId,
  type WireCode,
  type WireMessage,
} from '#protocol';
import { HelloExchange, type HelloOptions } from './hello-exchange.js';
import type { MemberProof } from './member-proof.js';
import { Outbox } from './outbox.js';

const LIVENESS_CHECK_MS = 10_000;
const CLOSE_GRACE_MS = 1_000;
/** An end that takes nothing of what waits for it for this long is not reading. */
const MAX_STALL_MS = 60_000;

/** Receives what a connection says, in order. Byte arguments are only valid during the call. */
export interface ConnectionHandler {
  onMessage(message: WireMessage): void;
  onData(data: DataMessage): void;
  /** The socket has room again after {@link PeerConnection.isWritable} was false. */
  onWritable(): void;
  /** The last call. `error` is undefined after an orderly end. */
  onClosed(error: Error | undefined): void;
}

export interface ConnectionOptions extends HelloOptions {
  /** Asked once the other end is known; a code refuses it. */
  readonly admit: (connection: PeerConnection) => ConnectionHandler | WireCode;
  /** Called when the connection ends before it was admitted. */
  readonly onRefused?: (error: Error) => void;
}

/** One socket to one peer: hello, then messages in and out until either end closes it. Owns the
 *  socket. Source: docs/wire-protocol.md, "Life of a connection". */
export class PeerConnection {
  private readonly splitter: FrameSplitter;
  private readonly outbox: Outbox;
  private readonly hello: HelloExchange;
  private readonly liveness: NodeJS.Timeout;
  private readonly handshakeTimer: NodeJS.Timeout;
  private readonly gone: Promise<void>;
  private handler: ConnectionHandler | undefined;
  private closeError: Error | undefined;
  private isClosing = false;
  private lastReceivedMs = performance.now();

  private constructor(
    private readonly socket: Socket,
    private readonly options: ConnectionOptions,
  ) {
    this.splitter = new FrameSplitter({
      onBody: (body) => this.receiveBody(body),
      onData: (requestId, offsetBytes, bytes) => this.receiveData(requestId, offsetBytes, bytes),
    });
    this.gone = new Promise((resolve) => {
      socket.once('close', () => {
        this.onSocketClosed();
        resolve();
      });
    });
    socket.setNoDelay(true);
    socket.on('error', (error) => this.ended(error));
    this.outbox = new Outbox(socket, () => this.handler?.onWritable());
    this.hello = this.createHello();
    this.liveness = setInterval(() => this.checkLiveness(), LIVENESS_CHECK_MS);
    this.handshakeTimer = setTimeout(
      () => this.fail(new ProtocolError('HANDSHAKE_TIMEOUT')),
      options.handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS,
    );
  }

  /** Takes over a connected socket. The caller feeds {@link push} or lets it read 'data' events. */
  static start(socket: Socket, options: ConnectionOptions): PeerConnection {
    const connection = new PeerConnection(socket, options);
    connection.hello.begin();
    return connection;
  }

  get peerId(): PeerId {
    if (this.hello.remotePeerId === undefined) throw new Error('no hello yet');
    return this.hello.remotePeerId;
  }

  /** Of who is at the other end; undefined in the open. */
  get proof(): MemberProof | undefined {
    return this.options.proof;
  }

  get direction(): 'dialled' | 'accepted' {
    return this.options.direction;
  }

  get remoteHost(): string {
    return this.socket.remoteAddress ?? '';
  }

  get isOpen(): boolean {
    return !this.isClosing && !this.socket.destroyed;
  }

  get isWritable(): boolean {
    return this.isOpen && this.outbox.hasRoom;
  }

  /** What may wait in front of the socket; adapts to how fast it drains. */
  get windowBytes(): number {
    return this.outbox.windowBytes;
  }

  /** Bytes as they arrive. */
  push(bytes: Uint8Array): void {
    if (this.isClosing) return;
    this.lastReceivedMs = performance.now();
    try {
      this.splitter.push(bytes);
    } catch (error) {
      if (this.isOpen) this.fail(error as Error);
    }
  }

  /** Sends a message; silently dropped when the connection is closing. */
  send(message: WireMessage): void {
    if (!this.isOpen) return;
    this.outbox.write(encodeMessage(message));
    if (this.outbox.isOverfull) {
      this.fail(new ProtocolError('SILENT', { reason: 'does not read what it is sent' }));
    }
  }

  /** Sends a data frame without copying its bytes; `onSent` runs when they may be reused. */
  sendData(data: Omit<DataMessage, 'type'>, onSent: () => void): void {
    if (!this.isOpen) {
      onSent();
      return;
    }
    this.outbox.writeData(encodeDataHeader(data), data.bytes, onSent);
  }

  /** Tells the other end of our renewed membership, unless that is what it knows. */
  showCredential(credential: string): void {
    if (this.hello.shows(credential)) this.send({ type: 'credential', credential });
  }

  /** Leaves an end that has taken nothing of what waits for it for so long. */
  leaveIfStalled(maxStallMs: number): void {
    if (!this.isOpen || !this.outbox.isStalled(performance.now(), maxStallMs)) return;
    this.fail(new ProtocolError('SILENT', { reason: 'does not read what it is sent' }));
  }

  /** The other end is at fault: it is told so, and the connection ends. */
  breakOff(error: Error): void {
    if (this.isOpen) this.fail(error);
  }

  /** Says goodbye and ends the socket; resolves when it is gone. May be called twice. */
  async close(code: WireCode, text = ''): Promise<void> {
    if (this.isOpen) {
      if (this.hello.hasSpoken) this.outbox.write(encodeMessage({ type: 'goodbye', code, text }));
      this.endSocket();
    }
    await this.gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close('SHUTTING_DOWN');
  }

  private createHello(): HelloExchange {
    const { socket } = this;
    const isOpen = () => this.isOpen;
    return new HelloExchange(this.options, {
      get isOpen() {
        return isOpen();
      },
      write: (bytes) => this.outbox.write(bytes),
      pause: () => void socket.pause(),
      resume: () => void socket.resume(),
      onMet: () => this.meet(),
      onGoodbye: (code, text) => this.onGoodbye(code, text),
      onRefused: (error) => this.breakOff(error),
      onBody: (body) => this.receiveBody(body),
    });
  }

  private receiveBody(body: Uint8Array): void {
    if (this.isClosing) return;
    if (this.handler === undefined) this.hello.receive(body);
    else this.receive(this.handler, decodeMessage(body));
  }

  private receive(handler: ConnectionHandler, message: WireMessage | undefined): void {
    if (message === undefined || message.type === 'keepalive') {
      return;
    } else if (message.type === 'credential') {
      this.proof?.renew(message.credential, (error) => this.breakOff(error));
    } else if (message.type === 'hello') {
      throw new ProtocolError('UNEXPECTED_FRAME', { got: 'a second hello' });
    } else if (message.type === 'goodbye') {
      this.onGoodbye(message.code, message.text);
    } else {
      handler.onMessage(message);
    }
  }

  private receiveData(requestId: number, offsetBytes: number, bytes: Uint8Array): void {
    if (this.isClosing) return;
    if (this.handler === undefined) throw new ProtocolError('UNEXPECTED_FRAME', { got: 'data' });
    this.handler.onData({ type: 'data', requestId, offsetBytes, bytes });
  }

  private meet(): void {
    clearTimeout(this.handshakeTimer);
    const admitted = this.options.admit(this);
    if (typeof admitted === 'string') {
      this.closeError = new ProtocolError(admitted);
      void this.close(admitted);
    } else {
      this.handler = admitted;
    }
  }

  private onGoodbye(code: WireCode, text: string): void {
    if (code !== 'OK' && code !== 'SHUTTING_DOWN' && code !== 'IDLE') {
      this.closeError ??= new ProtocolError(code, { saidBy: 'the other end', text });
    }
    this.endSocket();
  }

  /** Sends what is still unsent, if the other end takes it soon; then the socket is gone. */
  private endSocket(): void {
    this.isClosing = true;
    this.socket.end();
    const grace = setTimeout(() => this.socket.destroy(), CLOSE_GRACE_MS);
    this.socket.once('close', () => clearTimeout(grace));
    this.socket.resume();
  }

  /** What happens after the end is not why it ended. */
  private ended(error: Error): void {
    if (!this.isClosing) this.closeError ??= error;
  }

  private checkLiveness(): void {
    const nowMs = performance.now();
    this.leaveIfStalled(MAX_STALL_MS);
    if (this.isClosing) return;
    if (nowMs - this.lastReceivedMs > MAX_SILENCE_MS) {
      this.fail(new ProtocolError('SILENT'));
    } else if (nowMs - this.outbox.lastSentMs >= KEEPALIVE_INTERVAL_MS - LIVENESS_CHECK_MS) {
      if (this.handler !== undefined) this.send({ type: 'keepalive' });
    }
  }

  /** Ends the connection because of `error`, telling the other end why where that is safe. */
  private fail(error: Error): void {
    this.closeError ??= error;
    const code =
      error instanceof ProtocolError && error.code in WIRE_CODES
        ? (error.code as WireCode)
        : 'MALFORMED_FRAME';
    void this.close(error instanceof ProtocolError ? code : 'INTERNAL');
  }

  private onSocketClosed(): void {
    this.ended(new Error('the connection ended without a goodbye'));
    this.isClosing = true;
    clearInterval(this.liveness);
    clearTimeout(this.handshakeTimer);
    const { handler } = this;
    if (handler !== undefined) handler.onClosed(this.closeError);
    else {
      this.options.onRefused?.(this.closeError ?? new Error('the other end said goodbye at once'));
    }
  }
}
