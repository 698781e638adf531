import { isLoopbackHost, parseEndpoint } from '#protocol';

const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

interface RequestHead {
  readonly method?: string | undefined;
  readonly headers: { readonly host?: string | undefined; readonly origin?: string | undefined };
}

/** The host of `HOST` or `HOST:PORT`, as browsers write it; undefined for anything else. */
export function hostOfHeader(header: string): string | undefined {
  for (const candidate of [header, `${header}:80`]) {
    try {
      return parseEndpoint(candidate).host.toLowerCase();
    } catch {
      continue;
    }
  }
  return undefined;
}

/**
 * Whether a request to a listener on loopback names it as nobody here does. Then it is a page's from
 * elsewhere, whose name was made to lead here: its browser would show it what we answer. Programs that
 * send no Host are no browsers.
 */
export function isRebound({ headers }: RequestHead, boundHost: string): boolean {
  if (headers.host === undefined) return false;
  const host = hostOfHeader(headers.host);
  return host === undefined || !(isLoopbackHost(host) || host === boundHost.toLowerCase());
}

/** Whether a page from elsewhere asks for a change. It would not see the answer, but it would be done. */
export function isForeignChange({ method, headers }: RequestHead): boolean {
  if (SAFE_METHODS.has(method ?? '') || headers.origin === undefined) return false;
  return (
    headers.origin !== `http://${headers.host}` && headers.origin !== `https://${headers.host}`
  );
}
