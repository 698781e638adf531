import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { TrackerCode, TrackerExchanges, TrackerPattern } from '#protocol';

/** A refusal, as it came over the wire. */
export class CallRefused extends Error {
  constructor(
    readonly code: TrackerCode,
    message: string,
  ) {
    super(`${code}: ${message}`);
  }
}

interface Answer {
  readonly id: string;
  readonly response?: unknown;
  readonly err?: { readonly code: TrackerCode; readonly message: string };
}

/** A raw client of the tracker's framing, written from docs/tracker-api.md and not from our code. */
export class TrackerCaller implements AsyncDisposable {
  private readonly waiting = new Map<string, (answer: Answer) => void>();
  private readonly failures = new Set<(reason: Error) => void>();
  private text = '';
  private lastId = 0;
  /** The last whole message that came, as text. */
  lastMessage = '';

  private constructor(readonly socket: Socket) {
    socket.setEncoding('utf8');
    socket.on('data', (text: Buffer | string) => this.read(text.toString()));
    socket.on('error', () => undefined); // `close` follows and tells everybody
    socket.on('close', () => {
      for (const fail of this.failures) fail(new Error('the tracker closed the connection'));
    });
  }

  static async connect(address: { host: string; port: number }): Promise<TrackerCaller> {
    const socket = connect(address);
    await once(socket, 'connect');
    return new TrackerCaller(socket);
  }

  /** Over a connection that is there already. */
  static over(socket: Socket): TrackerCaller {
    return new TrackerCaller(socket);
  }

  /** Sends a typed request. Rejects with CallRefused, or when the connection ends first. */
  call<P extends TrackerPattern>(
    pattern: P,
    data: TrackerExchanges[P]['request'],
  ): Promise<TrackerExchanges[P]['reply']> {
    return this.callRaw(pattern, data) as Promise<TrackerExchanges[P]['reply']>;
  }

  /** Sends anything. */
  callRaw(pattern: string, data: unknown): Promise<unknown> {
    const id = String((this.lastId += 1));
    if (this.socket.destroyed) {
      return Promise.reject(new Error('the tracker has closed the connection'));
    }
    return new Promise((resolve, reject) => {
      this.failures.add(reject);
      this.waiting.set(id, (answer) => {
        this.failures.delete(reject);
        if (answer.err === undefined) resolve(answer.response);
        else reject(new CallRefused(answer.err.code, answer.err.message));
      });
      const json = JSON.stringify({ pattern, data, id });
      this.socket.write(`${json.length}#${json}`);
    });
  }

  private read(text: string): void {
    this.text += text;
    for (;;) {
      const hash = this.text.indexOf('#');
      if (hash === -1) return;
      const end = hash + 1 + Number(this.text.slice(0, hash));
      if (this.text.length < end) return;
      this.lastMessage = this.text.slice(hash + 1, end);
      this.text = this.text.slice(end);
      const answer = JSON.parse(this.lastMessage) as Answer;
      this.waiting.get(answer.id)?.(answer);
      this.waiting.delete(answer.id);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.closed) return;
    const closed = once(this.socket, 'close');
    this.socket.destroy();
    await closed;
  }
}
