export type BencodeValue = number | string | Buffer | readonly BencodeValue[] | BencodeMap;
export interface BencodeMap {
  readonly [key: string]: BencodeValue;
}

/** BitTorrent's encoding: text and bytes with their length, keys in order. Source: BEP 3. */
export function bencode(value: BencodeValue): Buffer {
  if (typeof value === 'number') return Buffer.from(`i${value}e`);
  if (typeof value === 'string') return bencode(Buffer.from(value));
  if (Buffer.isBuffer(value)) return Buffer.concat([Buffer.from(`${value.length}:`), value]);
  if (isList(value)) return between('l', value.map(bencode));
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return between(
    'd',
    entries.flatMap(([key, item]) => [bencode(key), bencode(item)]),
  );
}

const isList = (value: readonly BencodeValue[] | BencodeMap): value is readonly BencodeValue[] =>
  Array.isArray(value);

const between = (opening: string, items: readonly Buffer[]) =>
  Buffer.concat([Buffer.from(opening), ...items, Buffer.from('e')]);
