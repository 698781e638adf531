import { decodeMessage, FrameSplitter, type WireMessage } from '#protocol';
import { runsOf } from './cut-stream.js';

type Arrival = WireMessage | undefined | { data: number; offsetBytes: number; hex: string };

/** What a receiver learns. Runs of a data frame mean what smaller data frames would: neighbours
 *  are joined, so that only the bytes and their places count. */
export class Receiver {
  readonly arrivals: Arrival[] = [];
  readonly splitter = new FrameSplitter({
    onBody: (body) => this.arrivals.push(decodeMessage(Uint8Array.from(body))),
    onData: (requestId, offsetBytes, run) => this.onData(requestId, offsetBytes, run),
  });

  onData(requestId: number, offsetBytes: number, run: Uint8Array): void {
    const hex = Buffer.from(run).toString('hex');
    const last = this.arrivals.at(-1);
    const follows =
      last !== undefined &&
      'data' in last &&
      last.data === requestId &&
      last.offsetBytes + last.hex.length / 2 === offsetBytes;
    if (follows) last.hex += hex;
    else this.arrivals.push({ data: requestId, offsetBytes, hex });
  }
}

export function expectedArrivals(sent: readonly WireMessage[]): Arrival[] {
  const receiver = new Receiver();
  for (const message of sent) {
    if (message.type === 'data') {
      receiver.onData(message.requestId, message.offsetBytes, message.bytes);
    } else {
      receiver.arrivals.push(message);
    }
  }
  return receiver.arrivals;
}

export function pushCut(
  splitter: FrameSplitter,
  stream: Uint8Array,
  cuts: readonly number[],
): void {
  for (const run of runsOf(stream, cuts)) {
    // A copy that is wiped: what the splitter keeps beyond a call must be its own.
    const copy = Uint8Array.from(run);
    splitter.push(copy);
    copy.fill(0xee);
  }
}
