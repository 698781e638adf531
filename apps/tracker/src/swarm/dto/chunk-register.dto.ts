import { MAX_CHUNK_COUNT, MAX_RANGES_PER_FILE, type ChunkRegisterRequest } from '#protocol';
import { ArrayMaxSize, IsArray, ValidateBy } from 'class-validator';
import { CallerDto } from '../../rpc/caller.dto.js';
import { IsDigest, IsFileList } from '../../rpc/dto-rules.js';

/** [first, last] pairs of chunk indexes that some file could have. One rule for the whole array: it is
 *  the longest part of the most frequent message. */
function IsRangeList(): PropertyDecorator {
  return ValidateBy({
    name: 'isRangeList',
    validator: {
      validate: (value) => Array.isArray(value) && value.every(isRange),
      defaultMessage: () => 'must be pairs of chunk indexes, [first, last]',
    },
  });
}

function isRange(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && value.every(isChunkIndex);
}

function isChunkIndex(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < MAX_CHUNK_COUNT;
}

class ChunkRegisterFileDto {
  @IsDigest()
  readonly digest!: string;

  @IsArray()
  @ArrayMaxSize(MAX_RANGES_PER_FILE)
  @IsRangeList()
  readonly ranges!: [number, number][];
}

export class ChunkRegisterDto extends CallerDto implements ChunkRegisterRequest {
  @IsFileList(() => ChunkRegisterFileDto)
  readonly files!: ChunkRegisterFileDto[];
}
