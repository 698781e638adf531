import { ProtocolError } from './errors.js';
import { HASH_BYTES } from './limits.js';

declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** Position of a chunk in its file, from 0. */
export type ChunkIndex = Branded<number, 'ChunkIndex'>;
/** `b3:` and 64 lower-case hex digits: what identifies content. */
export type Digest = Branded<string, 'Digest'>;
/** 32 lower-case base32 characters: who owns a home folder. */
export type Identity = Branded<string, 'Identity'>;
/** The identity of a tracker, as invites name it: what a network is recognised by. */
export type Fingerprint = Identity;
/** An identity, a dash and four base32 characters: one running process of it. */
export type PeerId = Branded<string, 'PeerId'>;

const DIGEST_PATTERN = /^b3:[0-9a-f]{64}$/;
const IDENTITY_PATTERN = /^[a-z2-7]{32}$/;
const PEER_ID_PATTERN = /^[a-z2-7]{32}-[a-z2-7]{4}$/;

export const PEER_ID_CHARS = 37;

export function isDigest(text: string): text is Digest {
  return DIGEST_PATTERN.test(text);
}

export function parseDigest(text: string): Digest {
  if (!isDigest(text)) throw new ProtocolError('INVALID_DIGEST', { text: text.slice(0, 80) });
  return text;
}

export function digestFromBytes(bytes: Uint8Array): Digest {
  if (bytes.length !== HASH_BYTES) {
    throw new ProtocolError('INVALID_DIGEST', { lengthBytes: bytes.length });
  }
  return `b3:${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')}` as Digest;
}

export function digestToBytes(digest: Digest): Uint8Array {
  return Buffer.from(digest.slice(3), 'hex');
}

export function parseIdentity(text: string): Identity {
  if (!IDENTITY_PATTERN.test(text)) {
    throw new ProtocolError('INVALID_PEER_ID', { identity: text.slice(0, 80) });
  }
  return text as Identity;
}

export function isPeerId(text: string): text is PeerId {
  return PEER_ID_PATTERN.test(text);
}

export function parsePeerId(text: string): PeerId {
  if (!isPeerId(text)) throw new ProtocolError('INVALID_PEER_ID', { text: text.slice(0, 80) });
  return text;
}

export function identityOf(peerId: PeerId): Identity {
  return peerId.slice(0, 32) as Identity;
}

/** The caller has checked the range: an index beyond the file is caught where the file is known. */
export function toChunkIndex(value: number): ChunkIndex {
  return value as ChunkIndex;
}
