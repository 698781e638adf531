// The ceiling: Nest's TCP transport as it comes, and a handler that does nothing. Own process.
import 'reflect-metadata';
import type { Server } from 'node:net';
import { Controller, Module, type NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { MessagePattern, Transport, type MicroserviceOptions } from '@nestjs/microservices';
import { TRACKER_PATTERNS, type HeartbeatReply } from '#protocol';
import { boundEndpoint } from '../../apps/tracker/src/rpc/listening.js';

@Controller()
class EmptyController {
  @MessagePattern(TRACKER_PATTERNS.heartbeat)
  heartbeat(): HeartbeatReply {
    return { bootId: '0123456789abcdef0123456789abcdef', leaseMs: 60_000 };
  }
}

@Module({ controllers: [EmptyController] })
class EmptyModule {}

const options: Pick<NestApplicationOptions, 'logger'> = { logger: false };
const app = await NestFactory.create(EmptyModule, options);
const microservice = app.connectMicroservice<MicroserviceOptions>({
  transport: Transport.TCP,
  options: { host: '127.0.0.1', port: 0 },
});
await app.startAllMicroservices();
const { port } = boundEndpoint(microservice.unwrap<Server>());
process.stdout.write(`ready 127.0.0.1:${port}\n`);
process.once('SIGTERM', () => void app.close().finally(() => process.exit(0)));
