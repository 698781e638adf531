import { connect } from 'node:tls';
import { Strangers, type Connect } from '../../test/support/strangers.js';
import { newTlsIdentity } from '../../test/support/tls-identity.js';
import type { Abuse } from './abuse-kind.js';
import { STRANGER_ABUSE } from './stranger-abuse.js';

/** A ClientHello without its end. */
const HALF_HELLO = Buffer.from('16030102000100', 'hex');

/** What strangers do to a peer's port that is secured, by its name in the table. */
export const SECURED_ABUSE: Readonly<Record<string, Abuse>> = {
  ...STRANGER_ABUSE,
  'handshakes begun and left': ({ strangers, signal }) => {
    return strangers.knock({ signal, beginning: () => HALF_HELLO });
  },
  'handshakes made and left': async ({ target, signal }) => {
    const proven = new Strangers(target.endpoint, await newStranger());
    await proven.knock({ signal });
  },
};

/** Proves to be somebody, who is no member. */
async function newStranger(): Promise<Connect> {
  const { keyPem: key, certificatePem: cert } = await newTlsIdentity();
  return (endpoint) => {
    const options = { ...endpoint, key, cert, rejectUnauthorized: false } as const;
    return connect({ ...options, minVersion: 'TLSv1.3', ALPNProtocols: ['shoal/1'] });
  };
}
