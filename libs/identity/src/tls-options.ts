import { constants } from 'node:crypto';
import {
  createSecureContext,
  type SecureContext,
  type SecureContextOptions,
  type TlsOptions,
} from 'node:tls';

/** What is spoken inside: peers among themselves, and peers with a tracker. */
export type PinnedProtocol = 'shoal/1' | 'shoal-tracker/1';

/** What one end shows of itself: PKCS#8 and a certificate of that key, both PEM. */
export interface TlsIdentity {
  readonly keyPem: string;
  readonly certificatePem: string;
}

/** AES with 128 bits first: processors do it themselves, and it is the cheapest of the three. */
const CIPHERS = 'TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384';

const VERSION = 'TLSv1.3';

/** What a process dials with: its key, its certificate and the rules above. */
export type DialContext = SecureContext;

/** Both ends' half: one version, one kind of key, no tickets, and no authority that could vouch for
 *  somebody. An empty list also keeps the system's authorities from being read. */
function contextOptions(own: TlsIdentity): SecureContextOptions {
  return {
    key: own.keyPem,
    cert: own.certificatePem,
    ca: [],
    minVersion: VERSION,
    maxVersion: VERSION,
    ciphers: CIPHERS,
    honorCipherOrder: true,
    sigalgs: 'ed25519',
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}

/** For all dials of a process: making it costs more than using it. Throws when the certificate is
 *  another key's. */
export function createDialContext(own: TlsIdentity): DialContext {
  return createSecureContext(contextOptions(own));
}

/** For `tls.createServer`. Certificates are asked for and not judged: there is no authority to judge
 *  by. Who they belong to is looked at before anything else happens (pinned-server.ts). */
export function serverTlsOptions(own: TlsIdentity, protocol: PinnedProtocol): TlsOptions {
  return {
    ...contextOptions(own),
    requestCert: true,
    rejectUnauthorized: false,
    ALPNProtocols: [protocol],
  };
}
