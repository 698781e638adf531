import { join } from 'node:path';
import { createDialContext, openTlsIdentity, type DialContext, type TlsIdentity } from '#identity';
import type { Home } from '../../disk/home.js';

/** What a home proves itself with: its key, and a certificate that is kept beside it. Made ready when
 *  it is first asked for. */
export class HomeTls {
  private opened: Promise<TlsIdentity> | undefined;
  private dialling: Promise<DialContext> | undefined;

  constructor(private readonly home: Home) {}

  identity(): Promise<TlsIdentity> {
    this.opened ??= openTlsIdentity(this.home.keyPem, join(this.home.path, 'certificate.pem'));
    return this.opened;
  }

  context(): Promise<DialContext> {
    this.dialling ??= this.identity().then(createDialContext);
    return this.dialling;
  }
}
