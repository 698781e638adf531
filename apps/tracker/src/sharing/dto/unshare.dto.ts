import { IsBoolean, IsIn, IsOptional } from 'class-validator';
import type { UnshareRequest } from '#protocol';
import { CallerDto } from '../../rpc/caller.dto.js';
import { IsFileList, IsFileRef } from '../../rpc/dto-rules.js';

class UnshareFileDto {
  @IsFileRef()
  readonly ref!: string;

  @IsIn(['peer', 'identity'])
  readonly scope!: 'peer' | 'identity';

  @IsIn(['keep', 'purge'])
  readonly naming!: 'keep' | 'purge';

  @IsOptional()
  @IsBoolean()
  readonly completed?: boolean;
}

export class UnshareDto extends CallerDto implements UnshareRequest {
  @IsFileList(() => UnshareFileDto)
  readonly files!: UnshareFileDto[];
}
