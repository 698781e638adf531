export { createIdentityKey, identityOfKey, newPeerId, newSession } from './identity-key.js';
