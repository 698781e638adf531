import { Matches } from 'class-validator';
import type { Caller } from '#protocol';
import { IsPeerId } from './dto-rules.js';

export class CallerDto implements Caller {
  @IsPeerId()
  readonly peerId!: string;

  @Matches(/^[0-9a-f]{32}$/, { message: 'must be 32 hex digits' })
  readonly session!: string;
}
