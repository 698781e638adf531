import 'reflect-metadata';
import type { Server } from 'node:net';
import type { DynamicModule, NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { MicroserviceOptions } from '@nestjs/microservices';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Logger } from 'pino';
import type { Endpoint } from '#protocol';
import { AppModule } from './app.module.js';
import { NestLog } from './logging/tracker-log.js';
import { boundEndpoint, whileListening } from './rpc/listening.js';
import { ConnectionGuard } from './rpc/connection-guard.js';
import { RpcServer } from './rpc/rpc-server.js';
import { openDataFolder, type DataFolder } from './store/data-folder.js';
import type { TrackerConfig } from './tracker.config.js';

const HTTP_REQUEST_TIMEOUT_MS = 30_000;
const HTTP_HEADERS_TIMEOUT_MS = 10_000;
const HTTP_KEEP_ALIVE_TIMEOUT_MS = 5_000;

const APP_OPTIONS = {
  abortOnError: false,
  forceCloseConnections: true,
  bodyParser: false,
} as const;

/** A tracker that serves. */
export interface ServingTracker extends AsyncDisposable {
  readonly peers: Endpoint;
  readonly http: Endpoint;
  /** Resolves when the database turns out to be damaged: the tracker then refuses all requests. */
  readonly damaged: Promise<Error>;
  /** Commits what waits, closes every socket and the database. May be called twice. */
  close(): Promise<void>;
}

/** Opens the data folder, then the peers' side and the operators' side. Throws CommandError. */
export async function serve(config: TrackerConfig, log: Logger): Promise<ServingTracker> {
  const folder = await openDataFolder(config.data);
  const nestLog = new NestLog(log);
  try {
    const app = await createApp(AppModule.with(config, folder.database), nestLog);
    try {
      const server = connectPeersSide(app, config);
      const guard = new ConnectionGuard(server);
      const peers = await listenForPeers(app, server, config);
      const http = await listenForOperators(app, config);
      nestLog.serving();
      let closing: Promise<void> | undefined;
      const close = () => (closing ??= app.close().finally(() => closeRest(guard, folder)));
      const damaged = folder.database.damage.found;
      return { peers, http, damaged, close, [Symbol.asyncDispose]: close };
    } catch (error) {
      await app.close();
      throw error;
    }
  } catch (error) {
    await folder.close();
    throw error;
  }
}

function createApp(module: DynamicModule, logger: NestLog): Promise<NestExpressApplication> {
  const options: Pick<NestApplicationOptions, keyof typeof APP_OPTIONS | 'logger'> = {
    ...APP_OPTIONS,
    logger,
  };
  return NestFactory.create<NestExpressApplication>(module, options);
}

function connectPeersSide(app: NestExpressApplication, config: TrackerConfig): Server {
  const { host, port } = config;
  const microservice = app.connectMicroservice<MicroserviceOptions>({
    strategy: new RpcServer({ host, port }),
  });
  return microservice.unwrap<Server>();
}

async function listenForPeers(
  app: NestExpressApplication,
  server: Server,
  { host, port }: TrackerConfig,
): Promise<Endpoint> {
  await whileListening(server, { host, port }, () => app.startAllMicroservices());
  return boundEndpoint(server);
}

async function closeRest(guard: ConnectionGuard, folder: DataFolder): Promise<void> {
  guard.closeAll();
  await folder.close();
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
