import {
  MAX_CHUNK_COUNT,
  MAX_FILE_BYTES,
  type ManifestPutRequest,
  type ManifestRequest,
} from '#protocol';
import { CallerDto } from '../../rpc/caller.dto.js';
import { IsDigest, IsFileList, IsHashes, IsIntBetween } from '../../rpc/dto-rules.js';

class ManifestFileDto {
  @IsDigest()
  readonly digest!: string;

  @IsIntBetween(0, MAX_CHUNK_COUNT)
  readonly firstChunkIndex!: number;
}

export class ManifestDto implements ManifestRequest {
  @IsFileList(() => ManifestFileDto)
  readonly files!: ManifestFileDto[];
}

export class ManifestPutDto extends CallerDto implements ManifestPutRequest {
  @IsDigest()
  readonly digest!: string;

  @IsIntBetween(0, MAX_FILE_BYTES)
  readonly sizeBytes!: number;

  @IsIntBetween(0, MAX_CHUNK_COUNT)
  readonly firstChunkIndex!: number;

  @IsHashes()
  readonly hashes!: string;
}
