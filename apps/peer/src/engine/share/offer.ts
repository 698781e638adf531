import type { SharedFile } from '../../disk/shared-file.js';

/** A complete local file that this process serves under a name. */
export interface Offer {
  readonly name: string;
  readonly file: SharedFile;
}
