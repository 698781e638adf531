import type { TransferCode } from '../../core/transfer-error.js';

/** What is looked at, in this order. */
export const CHECKS = [
  'version',
  'native',
  'disk',
  'tracker',
  'membership',
  'clock',
  'reachability',
] as const;

/** What a look at one thing gave. */
export interface Finding {
  readonly check: (typeof CHECKS)[number];
  /** `skipped`: it could not be looked at, because of another finding. */
  readonly state: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly message: string;
  /** What to do about it. */
  readonly advice?: string;
  /** Of a failure: what a command would end with. */
  readonly code?: TransferCode;
}
