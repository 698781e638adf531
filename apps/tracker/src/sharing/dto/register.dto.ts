import { IsIn, IsOptional, IsString, Length, MaxLength } from 'class-validator';
import { MAX_CHUNK_COUNT, MAX_FILE_BYTES, MAX_NAME_BYTES, type RegisterRequest } from '#protocol';
import { CallerDto } from '../../rpc/caller.dto.js';
import { AreGroups, IsDigest, IsFileList, IsHashes, IsIntBetween } from '../../rpc/dto-rules.js';

/** base64 of a bitfield of MAX_CHUNK_COUNT bits. */
const MAX_HELD_CHARS = 4 * Math.ceil(MAX_CHUNK_COUNT / 8 / 3);

class RegisterFileDto {
  @IsDigest()
  readonly digest!: string;

  @IsIntBetween(0, MAX_FILE_BYTES)
  readonly sizeBytes!: number;

  @IsOptional()
  @IsHashes()
  readonly hashes?: string;

  @IsOptional()
  @IsString()
  @Length(1, 2 * MAX_NAME_BYTES)
  readonly name?: string;

  @IsIn(['publish', 'replace', 'keep'])
  readonly naming!: 'publish' | 'replace' | 'keep';

  @IsString()
  @MaxLength(MAX_HELD_CHARS)
  readonly held!: string;

  @IsOptional()
  @AreGroups()
  readonly allow?: string[];
}

export class RegisterDto extends CallerDto implements RegisterRequest {
  @IsFileList(() => RegisterFileDto)
  readonly files!: RegisterFileDto[];
}
