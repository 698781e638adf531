import type { Socket } from 'node:net';
import { SendWindow } from '../core/send-window.js';

/** Control messages may pile up to here; then the other end is not reading at all. They are counted
 *  as well, because a small one takes far more memory than it has bytes. */
const MAX_UNSENT_BYTES = 16 * 1024 * 1024;
const MAX_UNSENT_MESSAGES = 65_536;
/** An end that takes nothing of what waits for it for this long is not reading. */
const MAX_STALL_MS = 60_000;

/** The sending half of one socket: what is written in one turn of the event loop goes to the system
 *  together, and no more waits in front of it than the link takes soon. */
export class Outbox {
  lastSentMs = performance.now();
  private readonly window = new SendWindow();
  private isGathering = false;
  /** Since the socket last had nothing unsent. */
  private unsentMessageCount = 0;
  private takenBytes = 0;
  private lastTakenMs = performance.now();

  /** `onWritable`: the socket has room again after {@link hasRoom} was false. */
  constructor(
    private readonly socket: Socket,
    onWritable: () => void,
  ) {
    socket.on('drain', () => {
      this.unsentMessageCount = 0;
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
    const { writableLength } = this.socket;
    return writableLength > MAX_UNSENT_BYTES || this.unsentMessageCount > MAX_UNSENT_MESSAGES;
  }

  write(bytes: Buffer): void {
    this.gather();
    this.unsentMessageCount = this.socket.writableLength === 0 ? 1 : this.unsentMessageCount + 1;
    this.socket.write(bytes);
  }

  /** Does not copy; `onSent` runs when the bytes may be reused. */
  writeData(header: Buffer, bytes: Uint8Array, onSent: () => void): void {
    this.gather();
    this.socket.write(header);
    this.socket.write(bytes, onSent);
  }

  isStalled(nowMs: number): boolean {
    const { bytesWritten, writableLength } = this.socket;
    const takenBytes = bytesWritten - writableLength;
    if (writableLength === 0 || takenBytes !== this.takenBytes) {
      this.takenBytes = takenBytes;
      this.lastTakenMs = nowMs;
    }
    return nowMs - this.lastTakenMs > MAX_STALL_MS;
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
