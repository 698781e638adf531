import { MAX_REPLY_CHARS } from './rpc-limits.js';

/** Keeps a reply below the size limit of a message: what does not fit is left for the next one. */
export class ReplyBudget {
  private usedChars = 0;

  constructor(private readonly maxChars: number = MAX_REPLY_CHARS) {}

  get leftChars(): number {
    return this.maxChars - this.usedChars;
  }

  /** Counts a value as JSON, with a comma. Returns false, and counts nothing, when it does not fit. */
  take(value: unknown): boolean {
    return this.takeJson(JSON.stringify(value));
  }

  /** The same, of a value that is JSON already. */
  takeJson(json: string): boolean {
    const lengthChars = json.length + 1;
    if (lengthChars > this.leftChars) return false;
    this.usedChars += lengthChars;
    return true;
  }
}
