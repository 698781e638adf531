import type { WireCode } from '../errors.js';
import type { ChunkIndex, Digest, PeerId } from '../ids.js';

/** "SHOALPW" and a zero: no other protocol begins like this. */
export const WIRE_MAGIC = new TextEncoder().encode('SHOALPW\0');
export const WIRE_VERSION = 1;

export const FRAME_TYPES = {
  hello: 0x01,
  open: 0x02,
  close: 0x03,
  bitfield: 0x04,
  have: 0x05,
  request: 0x06,
  data: 0x07,
  reject: 0x08,
  cancel: 0x09,
  choke: 0x0a,
  unchoke: 0x0b,
  suggest: 0x0c,
  keepalive: 0x0d,
  goodbye: 0x0e,
  credential: 0x80,
} as const;

/** Types from here up may be skipped by whoever does not know them: `credential` is such a type. */
export const FIRST_SKIPPABLE_FRAME_TYPE = 0x80;

export const HELLO_FIELDS = { credential: 1, programVersion: 2 } as const;
export const OPEN_FIELDS = { grant: 1 } as const;

/** An extension: unknown types are skipped. */
export interface TlvField {
  readonly type: number;
  readonly value: Uint8Array;
}

export interface HelloMessage {
  readonly type: 'hello';
  readonly version: number;
  /** Bit set of optional features; a feature is used when both ends offer it. */
  readonly features: number;
  readonly peerId: PeerId;
  readonly fields: readonly TlvField[];
}

/** Binds `fileNumber`, in the sender's own numbering, to a digest. */
export interface OpenMessage {
  readonly type: 'open';
  readonly fileNumber: number;
  readonly digest: Digest;
  readonly chunkCount: number;
  readonly fields: readonly TlvField[];
}

/** Drops a file number: the sender's own, or refuses one of the receiver's. */
export interface CloseMessage {
  readonly type: 'close';
  readonly numberedBy: 'sender' | 'receiver';
  readonly fileNumber: number;
  readonly code: WireCode;
}

/** What the sender holds of a file: nothing, everything, or the bits. */
export interface BitfieldMessage {
  readonly type: 'bitfield';
  readonly fileNumber: number;
  readonly held: 'none' | 'all' | Uint8Array;
}

export interface HaveMessage {
  readonly type: 'have';
  readonly fileNumber: number;
  readonly chunkIndexes: readonly ChunkIndex[];
}

/** Asks for `lengthBytes` of a chunk from `offsetBytes` within it. */
export interface RequestMessage {
  readonly type: 'request';
  readonly fileNumber: number;
  /** Chosen by the asker, unique among its requests that are not yet answered. */
  readonly requestId: number;
  readonly chunkIndex: ChunkIndex;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
}

/** A piece of the answer; `offsetBytes` counts from the start of the chunk. */
export interface DataMessage {
  readonly type: 'data';
  readonly requestId: number;
  readonly offsetBytes: number;
  readonly bytes: Uint8Array;
}

export interface RejectMessage {
  readonly type: 'reject';
  readonly requestId: number;
  readonly code: WireCode;
}

export interface CancelMessage {
  readonly type: 'cancel';
  readonly requestId: number;
}

/** "Ask me for this chunk next." */
export interface SuggestMessage {
  readonly type: 'suggest';
  readonly fileNumber: number;
  readonly chunkIndex: ChunkIndex;
}

export interface GoodbyeMessage {
  readonly type: 'goodbye';
  readonly code: WireCode;
  readonly text: string;
}

/** The sender's membership, renewed. Takes the place of the one before. */
export interface CredentialMessage {
  readonly type: 'credential';
  /** As in the `credential` field of a hello. */
  readonly credential: string;
}

export type WireMessage =
  | HelloMessage
  | OpenMessage
  | CloseMessage
  | BitfieldMessage
  | HaveMessage
  | RequestMessage
  | DataMessage
  | RejectMessage
  | CancelMessage
  | { readonly type: 'choke' }
  | { readonly type: 'unchoke' }
  | SuggestMessage
  | { readonly type: 'keepalive' }
  | GoodbyeMessage
  | CredentialMessage;
