import { parseDuration } from './duration.js';
import { checked } from './value-flags.js';

/** Milliseconds of seeding after a download; Infinity for ever. Throws TransferError USAGE. */
export function parseSeedFor(text: string): number {
  if (text === 'none') return 0;
  if (text === 'forever') return Infinity;
  return checked(parseDuration(text), text, 'none, forever or a duration such as 10m');
}

/** Resolves when the time is over or the signal aborts, whichever comes first. */
export async function waitToSeed(
  durationMs: number,
  { signal }: { signal: AbortSignal },
): Promise<void> {
  if (durationMs === 0 || signal.aborted) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, Math.min(durationMs, 2 ** 31 - 1));
    const onAbort = () => {
      clearTimeout(timer);
      resolve();
    };
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
