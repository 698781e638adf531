import type { Socket } from 'node:net';
import { SendWindow } from '../core/send-window.js';

/** Control messages may pile up to here; then the other end is not reading at all. */
const MAX_UNSENT_BYTES = 16 * 1024 * 1024;
/** What they may take for all connections of this process; beyond it whoever has more than its share
 *  of it is not reading either. */
const MAX_UNSENT_BYTES_IN_ALL = 32 * 1024 * 1024;
const FAIR_UNSENT_BYTES = 64 * 1024;
/** A small message takes far more memory than it has bytes. */
const MESSAGE_BYTES = 256;
let unsentBytesInAll = 0;

/** The sending half of one socket: what is written in one turn of the event loop goes to the system
 *  together, and no more waits in front of it than the link takes soon. */
export class Outbox {
  lastSentMs = performance.now();
  private readonly window = new SendWindow();
  private isGathering = false;
  /** What control messages take since the socket last had nothing unsent. */
  private unsentBytes = 0;
  private takenBytes = 0;
  private lastTakenMs = performance.now();

  /** `onWritable`: the socket has room again after {@link hasRoom} was false. */
  constructor(
    private readonly socket: Socket,
    onWritable: () => void,
  ) {
    socket.once('close', () => this.allSent());
    socket.on('drain', () => {
      this.allSent();
      this.window.drained(performance.now());
      onWritable();
    });
  }

  get hasRoom(): boolean {
    return this.socket.writableLength < this.window.bytes;
  }

  /** What may wait in front of the socket; adapts to how fast it drains. */
  get windowBytes(): number {
    return this.window.bytes;
  }

  /** The other end does not take what it is sent. */
  get isOverfull(): boolean {
    if (unsentBytesInAll > MAX_UNSENT_BYTES_IN_ALL && this.unsentBytes > FAIR_UNSENT_BYTES) {
      return true;
    }
    return this.unsentBytes > MAX_UNSENT_BYTES || this.socket.writableLength > MAX_UNSENT_BYTES;
  }

  write(bytes: Buffer): void {
    this.gather();
    if (this.socket.writableLength === 0) this.allSent();
    // What is written to a socket that has closed is dropped at once.
    if (!this.socket.destroyed) this.took(bytes.length + MESSAGE_BYTES);
    this.socket.write(bytes);
  }

  /** Does not copy; `onSent` runs when the bytes may be reused. */
  writeData(header: Buffer, bytes: Uint8Array, onSent: () => void): void {
    this.gather();
    this.socket.write(header);
    this.socket.write(bytes, onSent);
  }

  /** Whether the other end has taken nothing of what waits for it for so long. */
  isStalled(nowMs: number, maxStallMs: number): boolean {
    const { bytesWritten, writableLength } = this.socket;
    const takenBytes = bytesWritten - writableLength;
    if (writableLength === 0 || takenBytes !== this.takenBytes) {
      this.takenBytes = takenBytes;
      this.lastTakenMs = nowMs;
    }
    return nowMs - this.lastTakenMs > maxStallMs;
  }

  private took(bytes: number): void {
    this.unsentBytes += bytes;
    unsentBytesInAll += bytes;
  }

  private allSent(): void {
    this.took(-this.unsentBytes);
  }

  private gather(): void {
    if (this.isGathering) return;
    this.isGathering = true;
    const { socket } = this;
    const nowMs = performance.now();
    const waitingBytes = socket.writableLength;
    this.lastSentMs = nowMs;
    socket.cork();
    process.nextTick(() => {
      this.isGathering = false;
      const bytes = socket.writableLength - waitingBytes;
      socket.uncork();
      this.window.wrote({ bytes, unsentBytes: socket.writableLength, nowMs });
    });
  }
}
