export { openTlsIdentity } from './certificate-file.js';
export { createCertificate, identityOfCertificate } from './certificate.js';
export { CredentialError, type CredentialCode } from './credential-error.js';
export {
  CREDENTIAL_LIFETIME_MS,
  issueCredential,
  verifyCredential,
  type Membership,
  type VerifiedCredential,
} from './credential.js';
export { issueGrant, verifyGrant, type VerifiedGrant } from './grant.js';
export { MAX_WAITING_HANDSHAKE_COUNT } from './handshake-pace.js';
export { createIdentityKey, identityOfKey, newPeerId, newSession } from './identity-key.js';
export {
  formatNetworkKey,
  issuerKeyOf,
  networkKeyOf,
  parseNetworkKey,
  type IssuerKey,
  type NetworkKey,
} from './network-key.js';
export { dialPinned, type PinnedDial } from './pinned-dial.js';
export { PinnedServer, type PinnedServerOptions } from './pinned-server.js';
export { PinningError, type PinningCode } from './pinning-error.js';
export type { ProvenSocket } from './proof.js';
export { CLOCK_SKEW_MS, type Freshness, type TokenCheck } from './signed-token.js';
export { hashToken, isTokenOf, newInviteToken, type TokenHash } from './stored-token.js';
export {
  createDialContext,
  type DialContext,
  type PinnedProtocol,
  type TlsIdentity,
} from './tls-options.js';
