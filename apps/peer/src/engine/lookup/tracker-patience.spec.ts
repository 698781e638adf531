import { describe, expect, it } from 'vitest';
import { TransferError } from '../../core/transfer-error.js';
import { askPatiently, type Patience } from './tracker-patience.js';

const away = (reason: string) => new TransferError('TRACKER_UNREACHABLE', reason);

describe('asking a tracker that is away', () => {
  const stop = new AbortController();
  const patience = (more: Partial<Patience> = {}): Patience & { readonly reasons: string[] } => {
    const reasons: string[] = [];
    const onWaiting = (reason: string) => void reasons.push(reason);
    const { signal } = stop;
    return { kind: 'brief', timeoutMs: undefined, onWaiting, signal, ...more, reasons };
  };

  it('asks again for as long as it takes, and says each reason once', async () => {
    const answers = [away('gone'), away('gone'), away('gone'), away('slow'), 'answer'];
    const ask = () => {
      const answer = answers.shift();
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    };
    const endless = patience({ kind: 'endless' });
    expect(await askPatiently(ask, endless)).toBe('answer');
    expect(endless.reasons).toEqual(['gone', 'slow']);
  });

  it('is brief without a time-out', async () => {
    let askedCount = 0;
    const ask = () => {
      askedCount += 1;
      return Promise.reject(away(`attempt ${askedCount}`));
    };
    await expect(askPatiently(ask, patience())).rejects.toThrow('attempt 3');
  });

  it('ends an unanswered question at the time-out', async () => {
    const ask = ({ signal }: { signal: AbortSignal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      });
    const asking = askPatiently(ask, patience({ kind: 'endless', timeoutMs: 20 }));
    await expect(asking).rejects.toMatchObject({ code: 'TRACKER_UNREACHABLE' });
  });

  it('ends with other errors at once, and with the reason of the signal', async () => {
    const refusal = new TransferError('FILE_NOT_FOUND', 'no such file');
    await expect(askPatiently(() => Promise.reject(refusal), patience())).rejects.toBe(refusal);
    const stopped = new Error('stopped');
    const waiting = patience({ onWaiting: () => stop.abort(stopped) });
    await expect(askPatiently(() => Promise.reject(away('gone')), waiting)).rejects.toBe(stopped);
  });
});
