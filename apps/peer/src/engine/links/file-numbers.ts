import { MAX_OPEN_FILE_COUNT, ProtocolError } from '#protocol';
import type { Transfer } from '../transfer/transfer.js';

/** Which number names which transfer on one connection: each end numbers files for itself, and
 *  describes each with exactly one bitfield. Source: docs/wire-protocol.md, "Files on a connection". */
export class FileNumbers {
  private readonly ours = new Map<number, Transfer>();
  private readonly ourNumbers = new Map<Transfer, number>();
  private readonly theirs = new Map<number, Transfer>();
  private readonly theirNumbers = new Map<Transfer, number>();
  /** Theirs, whose bitfield has not come yet. */
  private readonly undescribed = new Set<number>();
  private nextNumber = 0;

  /** Those that we have opened. */
  get opened(): readonly Transfer[] {
    return [...this.ourNumbers.keys()];
  }

  get hasOpened(): boolean {
    return this.ours.size > 0;
  }

  ourNumber(transfer: Transfer): number | undefined {
    return this.ourNumbers.get(transfer);
  }

  /** By a number of ours. */
  openedAs(fileNumber: number): Transfer | undefined {
    return this.ours.get(fileNumber);
  }

  /** By a number of theirs. */
  named(fileNumber: number): Transfer | undefined {
    return this.theirs.get(fileNumber);
  }

  /** Whether both ends have opened it. */
  isCommon(transfer: Transfer): boolean {
    return this.ourNumbers.has(transfer) && this.theirNumbers.has(transfer);
  }

  /** A number of ours for the transfer; undefined when it has one, or there are too many. */
  open(transfer: Transfer): number | undefined {
    if (this.ourNumbers.has(transfer) || this.ours.size >= MAX_OPEN_FILE_COUNT) return undefined;
    const fileNumber = this.nextNumber++;
    this.ours.set(fileNumber, transfer);
    this.ourNumbers.set(transfer, fileNumber);
    return fileNumber;
  }

  /** Throws ProtocolError UNEXPECTED_FRAME when they use the number already. */
  assertFree(fileNumber: number): void {
    if (!this.theirs.has(fileNumber)) return;
    throw new ProtocolError('UNEXPECTED_FRAME', { reason: 'file number is taken', fileNumber });
  }

  /** Binds a number of theirs; a code when that is refused. */
  accept(fileNumber: number, transfer: Transfer): 'UNKNOWN_FILE' | 'TOO_MANY_FILES' | undefined {
    if (this.theirNumbers.has(transfer)) return 'UNKNOWN_FILE';
    if (this.theirs.size >= MAX_OPEN_FILE_COUNT) return 'TOO_MANY_FILES';
    this.theirs.set(fileNumber, transfer);
    this.theirNumbers.set(transfer, fileNumber);
    this.undescribed.add(fileNumber);
    return undefined;
  }

  /** Their bitfield has come. Throws ProtocolError UNEXPECTED_FRAME when it had come before. */
  described(fileNumber: number): void {
    if (this.undescribed.delete(fileNumber)) return;
    throw new ProtocolError('UNEXPECTED_FRAME', { got: 'a second bitfield', fileNumber });
  }

  /** Throws ProtocolError UNEXPECTED_FRAME when their bitfield has not come yet. */
  assertDescribed(fileNumber: number): void {
    if (!this.undescribed.has(fileNumber)) return;
    throw new ProtocolError('UNEXPECTED_FRAME', { expected: 'bitfield', fileNumber });
  }

  /** Frees both numbers. Returns whether the transfer was common. */
  drop(transfer: Transfer): boolean {
    const wasCommon = this.isCommon(transfer);
    this.ours.delete(this.ourNumbers.get(transfer) ?? -1);
    this.ourNumbers.delete(transfer);
    const theirs = this.theirNumbers.get(transfer) ?? -1;
    this.theirs.delete(theirs);
    this.undescribed.delete(theirs);
    this.theirNumbers.delete(transfer);
    return wasCommon;
  }
}
