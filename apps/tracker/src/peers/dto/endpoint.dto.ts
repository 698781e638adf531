import type { Endpoint } from '#protocol';
import { IsHost, IsIntBetween } from '../../rpc/dto-rules.js';

export class EndpointDto implements Endpoint {
  @IsHost()
  readonly host!: string;

  @IsIntBetween(1, 65_535)
  readonly port!: number;
}
