export interface ReadCacheLimits<Key, Value> {
  /** Of all entries together; the oldest ones make room. */
  readonly maxWeight: number;
  readonly weightOf: (value: Value, key: Key) => number;
}

interface Entry<Value> {
  readonly value: Value;
  readonly weight: number;
}

/**
 * What was read of the database and is committed there, bounded. Whoever commits a change says so, by
 * `change`, `delete` or `clear`, also of what is not kept: it may be being read.
 */
export class ReadCache<Key, Value> {
  private readonly entries = new Map<Key, Entry<Value>>();
  private weight = 0;
  /** Counts changes: what was read before one is not kept after it. */
  private changeCount = 0;

  constructor(private readonly limits: ReadCacheLimits<Key, Value>) {}

  get(key: Key): Value | undefined {
    return this.entries.get(key)?.value;
  }

  /** Reads values, returns them, and keeps them unless something is changed meanwhile. */
  async fill(
    read: () => Promise<readonly (readonly [Key, Value])[]>,
  ): Promise<readonly (readonly [Key, Value])[]> {
    const { changeCount } = this;
    const found = await read();
    if (this.changeCount !== changeCount) return found;
    for (const [key, value] of found) this.keep(key, value);
    return found;
  }

  /** Reads more of one value, returns it, and adds it to what is kept unless something is changed
   *  meanwhile. */
  async extend<Found>(
    key: Key,
    read: () => Promise<Found>,
    add: (kept: Value | undefined, found: Found) => Value,
  ): Promise<Found> {
    const { changeCount } = this;
    const found = await read();
    if (this.changeCount === changeCount) this.keep(key, add(this.get(key), found));
    return found;
  }

  /** What is kept has changed: brings it up to date. */
  change(key: Key, update: (value: Value) => void): void {
    this.changeCount += 1;
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    update(entry.value);
    this.keep(key, entry.value);
  }

  delete(key: Key): void {
    this.changeCount += 1;
    this.drop(key);
  }

  clear(): void {
    this.changeCount += 1;
    this.entries.clear();
    this.weight = 0;
  }

  private keep(key: Key, value: Value): void {
    const weight = this.limits.weightOf(value, key);
    this.weight += weight - (this.entries.get(key)?.weight ?? 0);
    this.entries.set(key, { value, weight });
    if (this.weight > this.limits.maxWeight) this.makeRoom();
  }

  private makeRoom(): void {
    for (const oldest of this.entries.keys()) {
      this.drop(oldest);
      if (this.weight <= this.limits.maxWeight) return;
    }
  }

  private drop(key: Key): void {
    const entry = this.entries.get(key);
    if (entry === undefined) return;
    this.entries.delete(key);
    this.weight -= entry.weight;
  }
}
