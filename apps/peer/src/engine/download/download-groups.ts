import type { PlannedOutput } from '../../disk/output-paths.js';
import type { FoundFile } from '../lookup/find-files.js';

/** One file of a download command. */
export interface DownloadItem {
  readonly plan: PlannedOutput;
  /** Its place among the outcomes. */
  readonly index: number;
  readonly found: FoundFile;
}

/** The name asked for, or the digest where no name points at it. */
export function nameOf({ plan }: DownloadItem): string {
  return plan.name ?? plan.digest;
}

/** Equal files are fetched once: the second is copied from the first, so it must come after it. */
export type DownloadGroup = readonly DownloadItem[];

export function groupByDigest(
  plans: readonly PlannedOutput[],
  found: readonly FoundFile[],
): DownloadGroup[] {
  const files = new Map(found.map((file) => [file.summary.digest, file]));
  const groups = new Map<string, DownloadItem[]>();
  for (const [index, plan] of plans.entries()) {
    const item = { plan, index, found: files.get(plan.digest)! };
    const group = groups.get(plan.digest);
    if (group === undefined) groups.set(plan.digest, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}

/** Each in its turn, which is the last of it in the list. */
export function* takeEach(groups: DownloadGroup[]): Generator<DownloadGroup, void, void> {
  groups.reverse();
  for (let group = groups.pop(); group !== undefined; group = groups.pop()) yield group;
}

/** Files of at most one chunk, for a folder that may hold many of them. */
export function isSmallGroup([first]: DownloadGroup): boolean {
  return first!.plan.root !== null && first!.found.summary.chunkCount <= 1;
}
