import type { IncomingMessage, ServerResponse } from 'node:http';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { NestMiddleware, OnApplicationBootstrap } from '@nestjs/common';
import { isLoopbackHost } from '#protocol';
import { READER } from '../store/store.tokens.js';
import type { Sql } from '../store/sql.js';
import { TRACKER_CONFIG, type TrackerConfig } from '../tracker.config.js';
import { AdminTokens } from './admin-tokens.js';
import { isForeignChange, isRebound } from './request-origin.js';

/** For those who watch whether the tracker lives. They say nothing about what is in it. */
const OPEN_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz']);
const NO_TOKEN_YET = 'no admin token is valid: make one with `tracker token create`';

/** `url` is what is left of the path where the middleware stands. */
type RoutedRequest = IncomingMessage & { readonly originalUrl: string };

interface Refusal {
  readonly status: 401 | 403 | 421;
  readonly message: string;
}

/**
 * Who may ask the operators' side anything. On loopback whoever is on this machine, but no page of a
 * browser from elsewhere; beyond it who has an admin token. Source: docs/security.md.
 */
@Injectable()
export class OperatorGate implements NestMiddleware, OnApplicationBootstrap {
  private readonly logger = new Logger('http');
  private readonly tokens: AdminTokens;
  private readonly needs: 'token' | 'nothing';

  constructor(
    @Inject(TRACKER_CONFIG) private readonly config: TrackerConfig,
    @Inject(READER) reader: Sql,
  ) {
    this.tokens = new AdminTokens(reader);
    const isOpen = isLoopbackHost(config.httpHost) || config.access === 'open';
    this.needs = isOpen ? 'nothing' : 'token';
  }

  async onApplicationBootstrap(): Promise<void> {
    if (this.needs === 'nothing') return;
    const { httpHost } = this.config;
    this.logger.warn(`what ${httpHost} is asked and answers, tokens included, is not encrypted`);
    if ((await this.tokens.validCount(Date.now())) === 0) this.logger.warn(NO_TOKEN_YET);
  }

  use(request: RoutedRequest, response: ServerResponse, next: (error?: unknown) => void): void {
    this.refusal(request).then((refusal) => {
      if (refusal === undefined) next();
      else refuse(response, refusal);
    }, next);
  }

  private async refusal(request: RoutedRequest): Promise<Refusal | undefined> {
    if (isLoopbackHost(this.config.httpHost) && isRebound(request, this.config.httpHost)) {
      return { status: 421, message: 'this is not the host that the request names' };
    }
    if (isForeignChange(request)) return { status: 403, message: 'a page from elsewhere asks' };
    if (this.needs === 'nothing' || OPEN_PATHS.has(request.originalUrl)) return undefined;
    const nowMs = Date.now();
    const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (token !== undefined && (await this.tokens.isValid(token, nowMs))) return undefined;
    const hasTokens = (await this.tokens.validCount(nowMs)) > 0;
    const wanted = 'give an admin token: Authorization: Bearer TOKEN';
    return { status: 401, message: hasTokens ? wanted : NO_TOKEN_YET };
  }
}

function refuse(response: ServerResponse, { status, message }: Refusal): void {
  if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer realm="shoal"');
  response.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' });
  response.end(JSON.stringify({ statusCode: status, message }));
}
