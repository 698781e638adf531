import { Inject } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { TRACKER_PATTERNS, type ManifestPutReply, type ManifestReply } from '#protocol';
import { AskerContext } from '../rpc/asker.js';
import { RpcController } from '../rpc/rpc-controller.decorator.js';
import { ManifestDto, ManifestPutDto } from './dto/manifest.dto.js';
import { FilesService } from './files.service.js';

@RpcController()
export class FilesController {
  constructor(@Inject(FilesService) private readonly files: FilesService) {}

  @MessagePattern(TRACKER_PATTERNS.manifestPut)
  manifestPut(@Payload() dto: ManifestPutDto): Promise<ManifestPutReply> {
    return this.files.manifestPut(dto);
  }

  @MessagePattern(TRACKER_PATTERNS.manifest)
  manifest(@Payload() dto: ManifestDto, @Ctx() { asker }: AskerContext): Promise<ManifestReply> {
    return this.files.manifest(dto, asker);
  }
}
