import type { IncomingMessage, ServerResponse } from 'node:http';

/** What every response says, and why. Set by hand: a library for them sets more for sites than this is. */
const HEADERS: Readonly<Record<string, string>> = {
  // A page of ours may load what comes from here, and nobody else's; nobody frames it.
  'Content-Security-Policy':
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  'X-Frame-Options': 'DENY',
  // JSON is not run as a script, whatever a browser guesses.
  'X-Content-Type-Options': 'nosniff',
  // Pages of others get no window of ours and nothing that they embed of ours.
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  // It is about now, and may be secret.
  'Cache-Control': 'no-store',
};

export function setSecureHeaders(
  _request: IncomingMessage,
  response: ServerResponse,
  next: () => void,
): void {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
  next();
}
