import { Bitfield, type ChunkIndex } from '#protocol';

const WORD_BITS = 32;

/**
 * A set of numbers below `length` that can be searched in steps of 32,768: one summary bit says
 * whether a word of 32 numbers holds any, one top bit whether a word of the summary does. Bits run as
 * in {@link Bitfield}, number 0 highest, so that the lowest member of a word is its leading bit. No
 * operation but the conversions makes garbage.
 */
export class IndexSet {
  /** The words of members, then those of the summary, then those of the top: one array, because each
   *  of its own would be two more places in memory for every connection. */
  private readonly words: Uint32Array;
  private readonly summaryStart: number;
  private readonly topStart: number;
  private memberCount = 0;

  private constructor(readonly length: number) {
    this.summaryStart = Math.ceil(length / WORD_BITS);
    const summaryCount = Math.ceil(this.summaryStart / WORD_BITS);
    this.topStart = this.summaryStart + summaryCount;
    this.words = new Uint32Array(this.topStart + Math.ceil(summaryCount / WORD_BITS));
  }

  static empty(length: number): IndexSet {
    return new IndexSet(length);
  }

  static full(length: number): IndexSet {
    return IndexSet.fromBitfield(Bitfield.full(length));
  }

  static fromBitfield(field: Bitfield): IndexSet {
    const set = new IndexSet(field.length);
    const bytes = field.toBytes();
    for (let byteIndex = 0; byteIndex < bytes.length; byteIndex += 1) {
      set.words[byteIndex >>> 2]! |= bytes[byteIndex]! << (24 - (byteIndex & 3) * 8);
    }
    for (let word = 0; word < set.summaryStart; word += 1) {
      if (set.words[word] !== 0) set.noteWord(word);
    }
    set.memberCount = field.count;
    return set;
  }

  get count(): number {
    return this.memberCount;
  }

  has(index: number): boolean {
    return index < this.length && (this.words[index >>> 5]! & leadingBit(index & 31)) !== 0;
  }

  /** Returns whether it was absent before. Throws RangeError beyond the end. */
  add(index: number): boolean {
    this.assertInside(index);
    if (this.has(index)) return false;
    this.words[index >>> 5]! |= leadingBit(index & 31);
    this.noteWord(index >>> 5);
    this.memberCount += 1;
    return true;
  }

  /** Returns whether it was present before. */
  delete(index: number): boolean {
    if (!this.has(index)) return false;
    const word = index >>> 5;
    this.words[word]! &= ~leadingBit(index & 31);
    if (this.words[word] === 0) this.forgetWord(word);
    this.memberCount -= 1;
    return true;
  }

  /** The lowest member at or above `fromIndex`. */
  firstFrom(fromIndex: number): number | undefined {
    return this.firstCommon(this, fromIndex);
  }

  /** The lowest number at or above `fromIndex` that both sets hold. Both have the same length. */
  firstCommon(other: IndexSet, fromIndex: number): number | undefined {
    if (fromIndex >= this.length) return undefined;
    const fromWord = fromIndex >>> 5;
    const head = this.commonBits(other, fromWord) & bitsFrom(fromIndex & 31);
    if (head !== 0) return fromWord * WORD_BITS + Math.clz32(head);
    const fromGroup = (fromWord + 1) >>> 5;
    const near = this.firstInGroup(other, fromGroup, bitsFrom((fromWord + 1) & 31));
    if (near !== undefined) return near;
    let mask = bitsFrom((fromGroup + 1) & 31);
    for (let part = (fromGroup + 1) >>> 5; this.topStart + part < this.words.length; part += 1) {
      let groups = this.commonBits(other, this.topStart + part) & mask;
      mask = bitsFrom(0);
      while (groups !== 0) {
        const lead = Math.clz32(groups);
        const found = this.firstInGroup(other, part * WORD_BITS + lead, bitsFrom(0));
        if (found !== undefined) return found;
        groups &= ~leadingBit(lead);
      }
    }
    return undefined;
  }

  toBitfield(): Bitfield {
    const field = Bitfield.empty(this.length);
    let index = this.firstFrom(0);
    while (index !== undefined) {
      field.set(index as ChunkIndex);
      index = this.firstFrom(index + 1);
    }
    return field;
  }

  /** The lowest common number of the words that `mask` leaves of a group of 32. */
  private firstInGroup(other: IndexSet, group: number, mask: number): number | undefined {
    if (this.summaryStart + group >= this.topStart) return undefined;
    let candidates = this.commonBits(other, this.summaryStart + group) & mask;
    while (candidates !== 0) {
      const lead = Math.clz32(candidates);
      const word = group * WORD_BITS + lead;
      const common = this.commonBits(other, word);
      if (common !== 0) return word * WORD_BITS + Math.clz32(common);
      candidates &= ~leadingBit(lead);
    }
    return undefined;
  }

  /** The word has members now. */
  private noteWord(word: number): void {
    const group = word >>> 5;
    this.words[this.summaryStart + group]! |= leadingBit(word & 31);
    this.words[this.topStart + (group >>> 5)]! |= leadingBit(group & 31);
  }

  /** The word has no members any more. */
  private forgetWord(word: number): void {
    const group = word >>> 5;
    const summaryWord = this.summaryStart + group;
    this.words[summaryWord]! &= ~leadingBit(word & 31);
    if (this.words[summaryWord] !== 0) return;
    this.words[this.topStart + (group >>> 5)]! &= ~leadingBit(group & 31);
  }

  private commonBits(other: IndexSet, word: number): number {
    return this.words[word]! & other.words[word]!;
  }

  private assertInside(index: number): void {
    if (!(index >= 0 && index < this.length)) {
      throw new RangeError(`${index} is outside a set of ${this.length}`);
    }
  }
}

/** The bit of place `place` in a word, counted from the highest. */
function leadingBit(place: number): number {
  return 0x80000000 >>> place;
}

/** All bits of a word from place `place` to the end. */
function bitsFrom(place: number): number {
  return 0xffffffff >>> place;
}
