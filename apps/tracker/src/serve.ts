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
import { HandshakeLog } from './logging/handshake-log.js';
import { FirstInvite, type ShownInvite } from './membership/first-invite.service.js';
import { MembershipGate } from './membership/membership-gate.js';
import { openTrackerKey, type TrackerKey } from './membership/tracker-key.js';
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
  /** Undefined in a network without members. */
  readonly invite: ShownInvite | undefined;
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
    const key = config.access === 'open' ? undefined : await openTrackerKey(config.data);
    const app = await createApp(AppModule.with(config, folder.database, key), nestLog);
    try {
      const side = connectPeersSide(app, config, key);
      const peers = await listenForPeers(app, side.server, config);
      const http = await listenForOperators(app, config);
      const invite = await app.get(FirstInvite).open(peers);
      nestLog.serving();
      let closing: Promise<void> | undefined;
      const close = () => (closing ??= app.close().finally(() => closeRest(side, folder)));
      const damaged = folder.database.damage.found;
      return { peers, http, invite, damaged, close, [Symbol.asyncDispose]: close };
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

interface PeersSide {
  readonly rpc: RpcServer;
  readonly server: Server;
  readonly guard: ConnectionGuard;
}

function connectPeersSide(
  app: NestExpressApplication,
  { host, port }: TrackerConfig,
  key: TrackerKey | undefined,
): PeersSide {
  const handshakes = new HandshakeLog();
  const rpc = new RpcServer(
    { host, port },
    key && {
      own: key.tls,
      gatekeeper: app.get(MembershipGate),
      onRefused: (error) => handshakes.refused(error),
    },
  );
  const microservice = app.connectMicroservice<MicroserviceOptions>({ strategy: rpc });
  const server = microservice.unwrap<Server>();
  const begin = key === undefined ? 'connection' : 'secureConnection';
  return { rpc, server, guard: new ConnectionGuard(server, begin) };
}

async function listenForPeers(
  app: NestExpressApplication,
  server: Server,
  { host, port }: TrackerConfig,
): Promise<Endpoint> {
  await whileListening(server, { host, port }, () => app.startAllMicroservices());
  return boundEndpoint(server);
}

async function closeRest({ rpc, guard }: PeersSide, folder: DataFolder): Promise<void> {
  guard.closeAll();
  rpc.closeUnproven();
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
