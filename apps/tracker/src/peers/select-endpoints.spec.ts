import { describe, expect, it } from 'vitest';
import { placeOf, selectEndpoints } from './select-endpoints.js';

describe('selectEndpoints', () => {
  const loopback = { host: '127.0.0.1', port: 7 };
  const lan = { host: '10.0.0.5', port: 7 };

  it('hands out loopback addresses on loopback only', () => {
    const peer = { endpoints: [loopback, lan], observedHost: '127.0.0.1' };
    expect(selectEndpoints(peer, 'this-machine')).toEqual([loopback, lan]);
    expect(selectEndpoints(peer, 'elsewhere')).toEqual([lan]);
  });

  it('tells askers on loopback from others', () => {
    expect(['::1', '127.0.0.9', '10.0.0.9', ''].map(placeOf)).toEqual([
      'this-machine',
      'this-machine',
      'elsewhere',
      'elsewhere',
    ]);
  });

  it('adds the address that was seen, with the preferred port', () => {
    const peer = { endpoints: [lan], observedHost: '192.0.2.7' };
    expect(selectEndpoints(peer, 'elsewhere')).toEqual([lan, { host: '192.0.2.7', port: 7 }]);
    expect(selectEndpoints({ ...peer, observedHost: lan.host }, 'elsewhere')).toEqual([lan]);
  });

  it('invents nothing for a peer that nobody can dial', () => {
    expect(selectEndpoints({ endpoints: [], observedHost: '192.0.2.7' }, 'this-machine')).toEqual(
      [],
    );
  });
});
