import type { HeartbeatRequest } from '#protocol';
import { CallerDto } from '../../rpc/caller.dto.js';
import { IsIntBetween } from '../../rpc/dto-rules.js';

export class HeartbeatDto extends CallerDto implements HeartbeatRequest {
  @IsIntBetween(0, Number.MAX_SAFE_INTEGER)
  readonly bytesUp!: number;

  @IsIntBetween(0, Number.MAX_SAFE_INTEGER)
  readonly bytesDown!: number;
}
