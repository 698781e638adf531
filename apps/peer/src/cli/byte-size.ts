const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `512`, `16MiB`, `1.5GiB` in bytes; undefined for anything else. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,3})?)(B|KiB|MiB|GiB|TiB)?$/.exec(text);
  if (match === null) return undefined;
  const unit = UNITS.indexOf((match[2] ?? 'B') as (typeof UNITS)[number]);
  return Math.round(Number(match[1]) * 1024 ** unit);
}

/** `10MiB/s` or `10MiB`, in bytes per second and above 0; undefined for anything else, also for a
 *  number alone: whoever means megabytes by it would wait for ever. */
export function parseRate(text: string): number | undefined {
  if (!/B(?:\/s)?$/.test(text)) return undefined;
  const bytes = parseSize(text.replace(/\/s$/, ''));
  return bytes === undefined || bytes <= 0 ? undefined : bytes;
}

/** Three digits at most: `0B`, `64.0MiB`, `1.50GiB`. */
export function formatSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  if (unit === 0) return `${Math.round(value)}B`;
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)}${UNITS[unit]!}`;
}

export function formatRate(bytesPerSecond: number): string {
  return `${formatSize(bytesPerSecond)}/s`;
}
