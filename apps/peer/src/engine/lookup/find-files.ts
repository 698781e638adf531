import {
  isDigest,
  MAX_LIST_PAGE,
  ProtocolError,
  parseName,
  parsePrefix,
  type FileSummary,
  type Location,
} from '#protocol';
import { TransferError } from '../../core/transfer-error.js';
import type { TrackerClient } from '../../net/tracker-client.js';
import { callError, refusalError } from './tracker-refusal.js';

/** A file as the tracker knows it, with the peers it told us of at once. */
export interface FoundFile {
  readonly summary: FileSummary;
  readonly locations: readonly Location[];
  /** Our right to it, signed, where one is needed. */
  readonly grant?: string | undefined;
}

export interface FindOptions {
  readonly self: string | undefined;
  readonly maxLocations: number;
  readonly signal: AbortSignal;
}

/** One file by name or digest. Throws TransferError FILE_NOT_FOUND, INVALID_NAME or
 *  TRACKER_UNREACHABLE. */
export async function findFile(
  client: TrackerClient,
  ref: string,
  { self, maxLocations, signal }: FindOptions,
): Promise<FoundFile> {
  const file = parseFileRef(ref);
  const exclude = self === undefined ? {} : { exclude: self };
  try {
    const request = { files: [file], limit: maxLocations, ...exclude };
    const reply = await client.call('locations', request, { signal });
    const result = reply.files[0];
    if (result === undefined) throw new TransferError('TRACKER_REFUSED', `${ref}: no answer`);
    if (!result.ok) throw refusalError(result, ref);
    return { summary: result.file, locations: result.locations, grant: result.grant };
  } catch (error) {
    throw callError(error, ref);
  }
}

/** Every file under a prefix. Throws TransferError FILE_NOT_FOUND when there is none. */
export async function findPrefix(
  client: TrackerClient,
  prefix: string,
  { signal }: { signal: AbortSignal },
): Promise<FoundFile[]> {
  const found: FoundFile[] = [];
  for await (const summary of listFiles(client, prefix, { signal })) {
    found.push({ summary, locations: [] });
  }
  if (found.length === 0) throw new TransferError('FILE_NOT_FOUND', `no file under ${prefix}`);
  return found;
}

/** Pages through the network's files, by name. */
export async function* listFiles(
  client: TrackerClient,
  prefix: string,
  { signal }: { signal: AbortSignal },
): AsyncGenerator<FileSummary> {
  const checked = checkedName(() => parsePrefix(prefix));
  let after: string | undefined;
  do {
    const page = {
      prefix: checked,
      limit: MAX_LIST_PAGE,
      ...(after === undefined ? {} : { after }),
    };
    try {
      const reply = await client.call('list', page, { signal });
      yield* reply.files;
      after = reply.next ?? undefined;
    } catch (error) {
      throw callError(error, prefix);
    }
  } while (after !== undefined);
}

/** A digest as it is, a name in its NFC form. Throws TransferError INVALID_NAME. */
export function parseFileRef(ref: string): string {
  return isDigest(ref) ? ref : checkedName(() => parseName(ref));
}

function checkedName<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const { name, reason } = error.details;
    const message = `${String(name)} is not a name: ${String(reason)}`;
    throw new TransferError('INVALID_NAME', message, { cause: error });
  }
}
