import { ArrayMaxSize, ArrayMinSize, IsArray, IsOptional, IsString, Length } from 'class-validator';
import {
  MAX_FILES_PER_MESSAGE,
  MAX_LOCATIONS_PER_FILE,
  MAX_NAME_BYTES,
  type LocationsRequest,
} from '#protocol';
import { IsIntBetween, IsPeerId } from '../../rpc/dto-rules.js';

export class LocationsDto implements LocationsRequest {
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_FILES_PER_MESSAGE)
  @IsString({ each: true })
  @Length(1, MAX_NAME_BYTES, { each: true })
  readonly files!: string[];

  @IsOptional()
  @IsPeerId()
  readonly exclude?: string;

  @IsIntBetween(0, MAX_LOCATIONS_PER_FILE)
  readonly limit!: number;
}
