import { IsOptional, IsString, MaxLength } from 'class-validator';
import { MAX_LIST_PAGE, MAX_NAME_BYTES, type ListRequest } from '#protocol';
import { IsIntBetween } from '../../rpc/dto-rules.js';

export class ListDto implements ListRequest {
  @IsString()
  @MaxLength(MAX_NAME_BYTES)
  readonly prefix!: string;

  @IsOptional()
  @IsString()
  @MaxLength(MAX_NAME_BYTES)
  readonly after?: string;

  @IsIntBetween(1, MAX_LIST_PAGE)
  readonly limit!: number;
}
