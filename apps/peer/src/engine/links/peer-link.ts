import {
  ProtocolError,
  type BitfieldMessage,
  type ChunkIndex,
  type CloseMessage,
  type DataMessage,
  type Digest,
  type OpenMessage,
  type PeerId,
  type RejectMessage,
  type RequestMessage,
  type WireCode,
  type WireMessage,
} from '#protocol';
import type { ConnectionHandler, PeerConnection } from '../../net/peer-connection.js';
import type { ChunkBuffers } from '../budget/chunk-buffers.js';
import { FileNumbers } from './file-numbers.js';
import type { GateHost, GrantGate } from './grant-gate.js';
import { heldOf } from './held-of.js';
import { IncomingChunks } from './incoming-chunks.js';
import type { Transfer } from '../transfer/transfer.js';
import type { Uploader } from './uploader.js';

/** What a link needs of the process it belongs to. */
export interface LinkHost {
  readonly buffers: ChunkBuffers;
  transferOf(digest: Digest): Transfer | undefined;
  createUploader(link: PeerLink): Uploader;
  /** Undefined in the open. */
  createGate(link: PeerLink, host: GateHost): GrantGate | undefined;
  bytesReceived(peerId: PeerId, bytes: number): void;
  /** The other end does not take part in this transfer, or not to any use. */
  linkRefused(link: PeerLink, transfer: Transfer): void;
  linkClosed(link: PeerLink, error: Error | undefined): void;
}

/**
 * One connection and the files it carries. Each end numbers files for itself; a file is in common
 * once both have opened its digest. Source: docs/wire-protocol.md, "Files on a connection".
 */
export class PeerLink implements ConnectionHandler {
  readonly uploader: Uploader;
  isChokedByOther = true;
  /** When the last file in common went away; undefined while there is one. */
  idleSinceMs: number | undefined = performance.now();
  readonly openedMs = performance.now();
  private readonly numbers = new FileNumbers();
  /** Undefined in the open. */
  readonly gate: GrantGate | undefined;
  private readonly incoming: IncomingChunks;

  constructor(
    readonly connection: PeerConnection,
    private readonly host: LinkHost,
  ) {
    this.uploader = host.createUploader(this);
    this.incoming = new IncomingChunks(host.buffers);
    this.gate = host.createGate(this, {
      isOpen: () => connection.isOpen,
      replay: (message) => this.onMessage(message),
      failed: (error) => connection.breakOff(error),
    });
  }

  get peerId(): PeerId {
    return this.connection.peerId;
  }

  get transfers(): readonly Transfer[] {
    return this.numbers.opened;
  }

  /** Whether both ends have opened it here. */
  carries(transfer: Transfer): boolean {
    return this.numbers.isCommon(transfer);
  }

  /** Offers to exchange chunks of a transfer; harmless when that was done before. */
  openFile(transfer: Transfer): void {
    const fileNumber = this.numbers.open(transfer);
    if (fileNumber === undefined) return;
    this.idleSinceMs = undefined;
    const { digest } = transfer;
    const { chunkCount } = transfer.manifest;
    const fields = this.gate?.fieldsFor(digest) ?? [];
    this.connection.send({ type: 'open', fileNumber, digest, chunkCount, fields });
    this.connection.send({ type: 'bitfield', fileNumber, held: transfer.heldOnWire() });
    transfer.addToAudience(this);
    if (this.carries(transfer)) transfer.push({ type: 'peerJoined', link: this });
  }

  /** Ends the exchange of one file. */
  closeFile(transfer: Transfer, code: WireCode): void {
    const fileNumber = this.numbers.ourNumber(transfer);
    if (fileNumber !== undefined) {
      this.connection.send({ type: 'close', numberedBy: 'sender', fileNumber, code });
    }
    this.forgetFile(transfer);
  }

  /** Ends the exchange of one file with an end that does not keep what it promised. */
  giveUp(transfer: Transfer, code: WireCode): void {
    this.closeFile(transfer, code);
    this.host.linkRefused(this, transfer);
  }

  requestChunk(transfer: Transfer, chunkIndex: ChunkIndex): void {
    const fileNumber = this.numbers.ourNumber(transfer)!;
    const lengthBytes = transfer.manifest.layout.lengthBytes(chunkIndex);
    const requestId = this.incoming.ask(transfer, chunkIndex);
    this.connection.send({
      type: 'request',
      fileNumber,
      requestId,
      chunkIndex,
      offsetBytes: 0,
      lengthBytes,
    });
  }

  /** What still arrives of it is ignored. */
  cancelChunk(transfer: Transfer, chunkIndex: ChunkIndex): void {
    for (const requestId of this.incoming.drop(transfer, chunkIndex)) {
      this.connection.send({ type: 'cancel', requestId });
    }
  }

  announceChunks(transfer: Transfer, chunkIndexes: readonly ChunkIndex[]): void {
    const fileNumber = this.numbers.ourNumber(transfer);
    if (fileNumber === undefined) return;
    this.connection.send({ type: 'have', fileNumber, chunkIndexes });
  }

  suggestChunk(transfer: Transfer, chunkIndex: ChunkIndex): void {
    const fileNumber = this.numbers.ourNumber(transfer);
    if (fileNumber === undefined) return;
    this.connection.send({ type: 'suggest', fileNumber, chunkIndex });
  }

  /** Gives up every file at once and closes the connection. */
  abandon(code: WireCode): void {
    for (const transfer of this.transfers) this.forgetFile(transfer);
    void this.connection.close(code);
  }

  onMessage(message: WireMessage): void {
    if (this.gate?.holds(message) === true) return;
    switch (message.type) {
      case 'open':
        return this.onOpen(message);
      case 'close':
        return this.onClose(message);
      case 'bitfield':
        return this.onBitfield(message);
      case 'have':
      case 'suggest':
        return this.onGossip(message.fileNumber, message);
      case 'request':
        return this.onRequest(message);
      case 'reject':
        return this.onReject(message);
      case 'cancel':
        return this.uploader.cancel(message.requestId);
      case 'choke':
        this.isChokedByOther = true;
        return;
      case 'unchoke':
        this.isChokedByOther = false;
        for (const transfer of this.transfers) {
          transfer.push({ type: 'unchoked', peerId: this.peerId });
        }
        return;
      case 'hello':
      case 'data':
      case 'keepalive':
      case 'goodbye':
        throw new ProtocolError('UNEXPECTED_FRAME', { got: message.type });
    }
  }

  onData(data: DataMessage): void {
    const incoming = this.incoming.of(data.requestId, 'data');
    incoming.fill(data);
    const { transfer, chunkIndex } = incoming;
    this.host.bytesReceived(this.peerId, data.bytes.length);
    if (incoming.isWanted) transfer.bytesReceived(this.peerId, chunkIndex, data.bytes.length);
    if (!incoming.isWhole) return;
    this.incoming.answered(data.requestId);
    const bytes = incoming.takeBytes();
    if (bytes === undefined) return;
    transfer.push({ type: 'chunkArrived', peerId: this.peerId, chunkIndex, bytes });
  }

  onWritable(): void {
    this.uploader.onWritable();
  }

  onClosed(error: Error | undefined): void {
    this.uploader.close();
    for (const transfer of this.transfers) this.forgetFile(transfer);
    this.host.linkClosed(this, error);
  }

  private onOpen(message: OpenMessage): void {
    const { fileNumber, chunkCount } = message;
    this.numbers.assertFree(fileNumber);
    const transfer = this.host.transferOf(message.digest);
    if (transfer !== undefined && chunkCount !== transfer.manifest.chunkCount) {
      throw new ProtocolError('OUT_OF_RANGE', { chunkCount });
    }
    if (transfer !== undefined && this.gate?.delays(message) === true) return;
    const code =
      transfer === undefined
        ? 'UNKNOWN_FILE'
        : (this.refusal(transfer) ?? this.numbers.accept(fileNumber, transfer));
    if (transfer === undefined || code !== undefined) {
      const refusal = code ?? 'UNKNOWN_FILE';
      this.connection.send({ type: 'close', numberedBy: 'receiver', fileNumber, code: refusal });
    } else if (this.carries(transfer)) {
      transfer.push({ type: 'peerJoined', link: this });
    } else {
      this.openFile(transfer);
    }
  }

  /** Who may not have a file can still give us what we lack of it. */
  private refusal({ digest, fetch }: Transfer): 'NOT_ALLOWED' | undefined {
    return this.gate?.admits(digest) === false && fetch === undefined ? 'NOT_ALLOWED' : undefined;
  }

  private onClose(message: CloseMessage): void {
    if (message.numberedBy === 'sender') {
      const transfer = this.numbers.named(message.fileNumber);
      if (transfer === undefined) return;
      this.closeFile(transfer, 'OK');
      this.host.linkRefused(this, transfer);
      return;
    }
    const transfer = this.numbers.openedAs(message.fileNumber);
    if (transfer === undefined) return;
    this.forgetFile(transfer);
    // The tracker gives us one, when we may have it: then this end is asked again.
    if (message.code === 'NOT_ALLOWED' && this.gate?.isMissing(transfer.digest) === true) return;
    this.host.linkRefused(this, transfer);
  }

  private onBitfield(message: BitfieldMessage): void {
    const transfer = this.numbers.named(message.fileNumber);
    if (transfer === undefined) return;
    this.numbers.described(message.fileNumber);
    const held = heldOf(message, transfer.manifest.chunkCount);
    transfer.push({ type: 'bitfieldReceived', peerId: this.peerId, held });
  }

  private onGossip(
    fileNumber: number,
    message: Extract<WireMessage, { type: 'have' | 'suggest' }>,
  ): void {
    const transfer = this.numbers.named(fileNumber);
    if (transfer === undefined) return;
    this.numbers.assertDescribed(fileNumber);
    const chunkIndexes = message.type === 'have' ? message.chunkIndexes : [message.chunkIndex];
    for (const chunkIndex of chunkIndexes) transfer.manifest.layout.lengthBytes(chunkIndex);
    const { peerId } = this;
    if (message.type === 'have') transfer.push({ type: 'chunksGained', peerId, chunkIndexes });
    else transfer.push({ type: 'chunkSuggested', peerId, chunkIndex: message.chunkIndex });
  }

  private onRequest(message: RequestMessage): void {
    const transfer = this.numbers.named(message.fileNumber);
    if (transfer === undefined) {
      const { requestId } = message;
      this.connection.send({ type: 'reject', requestId, code: 'UNKNOWN_FILE' });
    } else if (this.gate?.admits(transfer.digest) === false) {
      const { requestId } = message;
      this.connection.send({ type: 'reject', requestId, code: 'NOT_ALLOWED' });
    } else {
      this.uploader.enqueue(transfer, message);
    }
  }

  private onReject(message: RejectMessage): void {
    const incoming = this.incoming.of(message.requestId, 'a reject');
    this.incoming.answered(message.requestId);
    if (!incoming.isWanted) return;
    incoming.drop();
    const { transfer, chunkIndex } = incoming;
    const { peerId } = this;
    transfer.push({ type: 'requestRejected', peerId, chunkIndex, code: message.code });
  }

  private forgetFile(transfer: Transfer): void {
    const wasCommon = this.numbers.drop(transfer);
    transfer.removeFromAudience(this);
    this.uploader.dropTransfer(transfer);
    this.incoming.dropTransfer(transfer);
    if (!this.numbers.hasOpened) this.idleSinceMs ??= performance.now();
    if (wasCommon) transfer.push({ type: 'peerLeft', peerId: this.peerId });
  }
}
