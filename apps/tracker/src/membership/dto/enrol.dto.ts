import { IsString, MaxLength } from 'class-validator';
import { MAX_HOSTNAME_CHARS, MAX_INVITE_TOKEN_CHARS, type EnrolRequest } from '#protocol';
import { IsPlainText } from '../../rpc/dto-rules.js';

export class EnrolDto implements EnrolRequest {
  @IsString()
  @MaxLength(MAX_INVITE_TOKEN_CHARS)
  readonly token!: string;

  @IsPlainText({ min: 1, max: MAX_HOSTNAME_CHARS })
  readonly hostname!: string;
}
