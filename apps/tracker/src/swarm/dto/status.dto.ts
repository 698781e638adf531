import { IsOptional, Matches } from 'class-validator';
import { MAX_STATUS_PAGE, type StatusRequest } from '#protocol';
import { IsFileRef, IsIntBetween } from '../../rpc/dto-rules.js';

export class StatusDto implements StatusRequest {
  @IsFileRef()
  readonly ref!: string;

  @IsOptional()
  @Matches(/^[a-z2-7]{32}$/, { message: 'is not an identity' })
  readonly after?: string;

  @IsIntBetween(1, MAX_STATUS_PAGE)
  readonly limit!: number;
}
