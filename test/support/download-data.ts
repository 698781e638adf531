/** `data` of `peer download --json`. */
export interface DownloadData {
  readonly files: readonly {
    readonly name: string;
    readonly digest: string;
    readonly path: string;
    readonly sizeBytes: number;
    readonly seconds: number;
    readonly bytesFromPeers: Readonly<Record<string, number>>;
    readonly bytesResumed: number;
    readonly chunksRejected: number;
  }[];
}

export function fetchedBytes(file: DownloadData['files'][number]): number {
  return Object.values(file.bytesFromPeers).reduce((sum, bytes) => sum + bytes, 0);
}
