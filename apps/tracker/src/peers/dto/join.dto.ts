import { ArrayMaxSize, ArrayMinSize, IsArray, IsInt } from 'class-validator';
import {
  MAX_ENDPOINT_COUNT,
  MAX_FEATURE_CHARS,
  MAX_FEATURE_COUNT,
  MAX_HOSTNAME_CHARS,
  MAX_LABEL_CHARS,
  MAX_LABEL_COUNT,
  MAX_VERSION_CHARS,
  type JoinRequest,
} from '#protocol';
import { CallerDto } from '../../rpc/caller.dto.js';
import { ArePlainTexts, IsPlainText } from '../../rpc/dto-rules.js';
import { AreEntries } from '../../rpc/payload-check.js';
import { EndpointDto } from './endpoint.dto.js';

const MAX_API_VERSION_COUNT = 16;

export class JoinDto extends CallerDto implements JoinRequest {
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_API_VERSION_COUNT)
  @IsInt({ each: true })
  readonly apiVersions!: number[];

  @ArePlainTexts({ maxCount: MAX_FEATURE_COUNT, maxChars: MAX_FEATURE_CHARS })
  readonly features!: string[];

  @IsPlainText({ min: 1, max: MAX_HOSTNAME_CHARS })
  readonly hostname!: string;

  @IsPlainText({ min: 1, max: MAX_VERSION_CHARS })
  readonly programVersion!: string;

  @IsPlainText({ min: 1, max: MAX_VERSION_CHARS })
  readonly os!: string;

  @ArePlainTexts({ maxCount: MAX_LABEL_COUNT, maxChars: MAX_LABEL_CHARS })
  readonly labels!: string[];

  @IsArray()
  @ArrayMaxSize(MAX_ENDPOINT_COUNT)
  @AreEntries(() => EndpointDto)
  readonly endpoints!: EndpointDto[];
}
