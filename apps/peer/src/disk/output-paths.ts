import { statSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { isDigest, parseName, parsePrefix, ProtocolError, type Digest } from '#protocol';
import { TransferError } from '../core/transfer-error.js';
import { onDiskSync } from './disk-error.js';

const DIGEST_NAME_CHARS = 16;

/** What one argument of a download stands for. */
export interface OutputRequest {
  /** A name, a prefix ending in `/`, or a digest. */
  readonly request: string;
  /** As the tracker has them; null for content that has no name. */
  readonly files: readonly { readonly name: string | null; readonly digest: Digest }[];
}

/** Where one file goes. */
export interface PlannedOutput {
  readonly name: string | null;
  readonly digest: Digest;
  /** Absolute. */
  readonly path: string;
  /** The folder that the output must not leave, and below which folders are made as needed; null
   *  when the user named the very file, whose folder must exist. */
  readonly root: string | null;
}

/** Places the files of a download. Source: the manual, "Where downloads go". Throws TransferError
 *  INVALID_NAME for a name the tracker should not have, OUTSIDE_FOLDER for one that is not of the
 *  prefix, and USAGE when files would come into each other's way. */
export function planOutputs(download: {
  requests: readonly OutputRequest[];
  output: string | undefined;
  cwd: string;
}): Promise<PlannedOutput[]> {
  const { requests, output, cwd } = download;
  const [only] = requests;
  const isOneFile = requests.length === 1 && only !== undefined && !only.request.endsWith('/');
  const plans =
    isOneFile && output !== undefined
      ? [planOne(only, { output, cwd })]
      : planFolder(requests, folderOf(output, cwd));
  const unique = withoutRepeats(plans);
  assertApart(unique);
  return Promise.resolve(unique);
}

function planOne(request: OutputRequest, at: { output: string; cwd: string }): PlannedOutput {
  const { name, digest } = request.files[0]!;
  if (at.output === '') throw new TransferError('USAGE', 'the output path is empty');
  const target = resolve(at.cwd, at.output);
  const isFolder =
    at.output.endsWith('/') || at.output.endsWith(sep) || kindOf(target) === 'folder';
  const path = isFolder ? join(target, lastSegment(name, digest)) : target;
  return { name, digest, path, root: null };
}

function planFolder(requests: readonly OutputRequest[], root: string): PlannedOutput[] {
  return requests.flatMap(({ request, files }) =>
    files.map(({ name, digest }) => {
      const relative = request.endsWith('/')
        ? belowPrefix(request, name ?? '')
        : lastSegment(name, digest);
      return { name, digest, path: join(root, ...relative.split('/')), root };
    }),
  );
}

/** From the prefix's last segment on: `llama/weights.bin` for `models/llama/`. */
function belowPrefix(request: string, name: string): string {
  const prefix = checked(request, () => parsePrefix(request));
  const fileName = checked(name, () => parseName(name));
  if (!fileName.startsWith(prefix)) {
    throw new TransferError('OUTSIDE_FOLDER', `the tracker lists ${fileName} under ${prefix}`);
  }
  return fileName.slice(prefix.lastIndexOf('/', prefix.length - 2) + 1);
}

function lastSegment(name: string | null, digest: Digest): string {
  if (name === null || isDigest(name)) {
    return `b3-${digest.slice('b3:'.length).slice(0, DIGEST_NAME_CHARS)}`;
  }
  return checked(name, () => parseName(name))
    .split('/')
    .at(-1)!;
}

function folderOf(output: string | undefined, cwd: string): string {
  if (output === undefined) return resolve(cwd);
  const folder = resolve(cwd, output);
  if (output !== '' && kindOf(folder) !== 'file') return folder;
  throw new TransferError('USAGE', `several files need a folder, and "${output}" is none`);
}

function kindOf(path: string): 'folder' | 'file' | 'nothing' {
  const context = { path, verb: 'look at' } as const;
  const stats = onDiskSync(context, () => statSync(path, { throwIfNoEntry: false }));
  if (stats === undefined) return 'nothing';
  return stats.isDirectory() ? 'folder' : 'file';
}

function withoutRepeats(plans: readonly PlannedOutput[]): PlannedOutput[] {
  const unique = new Map(plans.map((plan) => [`${plan.path}\0${plan.digest}`, plan]));
  return [...unique.values()];
}

/** No file takes another's path, its temporary paths, or the path of a folder another needs. */
function assertApart(plans: readonly PlannedOutput[]): void {
  const paths = new Set<string>();
  for (const { path } of plans) {
    if (paths.has(path)) throw new TransferError('USAGE', `two files would become ${path}`);
    paths.add(path);
  }
  for (const { path, root } of plans) {
    for (const taken of [`${path}.part`, `${path}.part.resume`]) {
      if (paths.has(taken)) throw inTheWay(path, taken);
    }
    for (let folder = dirname(path); root !== null && folder !== root; folder = dirname(folder)) {
      if (paths.has(folder)) throw inTheWay(path, folder);
    }
  }
}

function inTheWay(path: string, other: string): TransferError {
  const message = `${path} and ${other} cannot be downloaded together: download one at a time`;
  return new TransferError('USAGE', message);
}

function checked<T>(name: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    const reason = String(error.details['reason']);
    const message = `${JSON.stringify(name.slice(0, 120))} is no valid name: ${reason}`;
    throw new TransferError('INVALID_NAME', message, { cause: error });
  }
}
