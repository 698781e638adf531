import type { ProgressMode } from './peer-command.js';
import { formatSize } from './byte-size.js';

const INTERVAL_MS = 200;

/** Says on a terminal how far the hashing is; big files take a while. Owns its timer. */
export class HashingView {
  private readonly timer: NodeJS.Timeout | undefined;
  private doneBytes = 0;
  private fileBytes = 0;
  private hasShown = false;

  constructor(mode: ProgressMode) {
    const isShown = mode === 'bar' || (mode === 'auto' && process.stderr.isTTY);
    if (isShown) this.timer = setInterval(() => this.show(), INTERVAL_MS);
  }

  /** Bytes of the file that is being hashed now; a smaller number begins the next file. */
  hashed(fileBytes: number): void {
    if (fileBytes < this.fileBytes) this.doneBytes += this.fileBytes;
    this.fileBytes = fileBytes;
  }

  close(): void {
    clearInterval(this.timer);
    if (this.hasShown) process.stderr.write('\r\u001b[K');
    this.hasShown = false;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  private show(): void {
    this.hasShown = true;
    process.stderr.write(`\r\u001b[Khashing: ${formatSize(this.doneBytes + this.fileBytes)}`);
  }
}
