import 'reflect-metadata';
import type { Server } from 'node:net';
import type { DynamicModule, NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { Transport, type MicroserviceOptions } from '@nestjs/microservices';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Logger } from 'pino';
import type { Endpoint } from '#protocol';
import { AppModule } from './app.module.js';
import { NestLog } from './logging/tracker-log.js';
import { boundEndpoint, whileListening } from './rpc/listening.js';
import { ConnectionGuard } from './rpc/connection-guard.js';
import { ReplySerializer } from './rpc/reply-serializer.js';
import { RpcSocket } from './rpc/rpc-socket.js';
import { openDataFolder } from './store/data-folder.js';
import type { TrackerConfig } from './tracker.config.js';

const HTTP_REQUEST_TIMEOUT_MS = 30_000;
const HTTP_HEADERS_TIMEOUT_MS = 10_000;
const HTTP_KEEP_ALIVE_TIMEOUT_MS = 5_000;

/** A tracker that serves. */
export interface ServingTracker extends AsyncDisposable {
  readonly peers: Endpoint;
  readonly http: Endpoint;
  /** Commits what waits, closes every socket and the database. May be called twice. */
  close(): Promise<void>;
}

/** Opens the data folder, then the peers' side and the operators' side. Throws CommandError. */
export async function serve(config: TrackerConfig, log: Logger): Promise<ServingTracker> {
  const folder = await openDataFolder(config.data);
  try {
    const app = await createApp(AppModule.with(config, folder.database), log);
    try {
      const peers = await listenForPeers(app, config);
      const http = await listenForOperators(app, config);
      let closing: Promise<void> | undefined;
      const close = () => (closing ??= app.close().finally(() => folder.close()));
      return { peers, http, close, [Symbol.asyncDispose]: close };
    } catch (error) {
      await app.close();
      throw error;
    }
  } catch (error) {
    await folder.close();
    throw error;
  }
}

function createApp(module: DynamicModule, log: Logger): Promise<NestExpressApplication> {
  const options: Pick<NestApplicationOptions, 'logger' | 'abortOnError' | 'forceCloseConnections'> =
    {
      logger: new NestLog(log),
      abortOnError: false,
      forceCloseConnections: true,
    };
  return NestFactory.create<NestExpressApplication>(module, options);
}

async function listenForPeers(
  app: NestExpressApplication,
  config: TrackerConfig,
): Promise<Endpoint> {
  const { host, port } = config;
  const microservice = app.connectMicroservice<MicroserviceOptions>({
    transport: Transport.TCP,
    options: { host, port, socketClass: RpcSocket, serializer: new ReplySerializer() },
  });
  const server = microservice.unwrap<Server>();
  const guard = new ConnectionGuard(server);
  server.once('close', () => guard.closeAll());
  await whileListening(server, { host, port }, () => app.startAllMicroservices());
  return boundEndpoint(server);
}

async function listenForOperators(
  app: NestExpressApplication,
  config: TrackerConfig,
): Promise<Endpoint> {
  const { httpHost: host, httpPort: port } = config;
  app.disable('x-powered-by');
  const server = app.getHttpServer();
  server.requestTimeout = HTTP_REQUEST_TIMEOUT_MS;
  server.headersTimeout = HTTP_HEADERS_TIMEOUT_MS;
  server.keepAliveTimeout = HTTP_KEEP_ALIVE_TIMEOUT_MS;
  await whileListening(server, { host, port }, () => app.listen(port, host));
  return boundEndpoint(server);
}
