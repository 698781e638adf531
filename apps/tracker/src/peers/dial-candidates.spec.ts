import { describe, expect, it } from 'vitest';
import { dialCandidates } from './dial-candidates.js';

const at = (host: string, port = 7) => ({ host, port });
const OWN = new Set(['10.0.0.5', 'fd00::5']);

describe('dialCandidates', () => {
  it('looks where the peer comes from, with its preferred port', () => {
    const endpoints = [at('10.9.9.9', 7), at('10.8.8.8', 8)];
    const reader = { endpoints, observedHost: '198.51.100.3', role: 'reader' } as const;
    expect(dialCandidates(reader, OWN)).toEqual([at('198.51.100.3')]);
  });

  it('looks where a publisher says that it is, too', () => {
    const endpoints = [at('peer.example', 7), at('10.8.8.8', 8)];
    const publisher = { endpoints, observedHost: '198.51.100.3', role: 'publisher' } as const;
    expect(dialCandidates(publisher, OWN)).toEqual([at('peer.example'), at('198.51.100.3')]);
  });

  it.each(['127.0.0.1', 'localhost', '::1', '::ffff:7f00:1', '0:0:0:0:0:0:0:1', '0.0.0.0', '::'])(
    'is not led to %s of its own machine by somebody elsewhere',
    (host) => {
      const peer = { endpoints: [at(host)], observedHost: '198.51.100.3', role: 'admin' } as const;
      expect(dialCandidates(peer, OWN)).toEqual([at('198.51.100.3')]);
    },
  );

  it('takes all addresses of its own machine from a peer on it', () => {
    const endpoints = [at('10.0.0.5'), at('10.8.8.8'), at('fd00::5')];
    const peer = { endpoints, observedHost: '127.0.0.1', role: 'reader' } as const;
    expect(dialCandidates(peer, OWN)).toEqual([at('10.0.0.5'), at('fd00::5'), at('127.0.0.1')]);
  });

  it('looks nowhere for who names nothing, and at a few places at most', () => {
    const peer = { observedHost: '127.0.0.1', role: 'publisher' } as const;
    expect(dialCandidates({ ...peer, endpoints: [] }, OWN)).toEqual([]);
    const many = Array.from({ length: 8 }, (_, index) => at('10.0.0.5', 100 + index));
    const found = dialCandidates({ ...peer, endpoints: many }, OWN);
    expect(found).toHaveLength(4);
    expect(found.at(-1)).toEqual(at('127.0.0.1', 100));
  });
});
