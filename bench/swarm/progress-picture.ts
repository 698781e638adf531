import type { SwarmRecord } from './swarm-contest.js';
import type { SwarmPlan } from './swarm-plan.js';

const WIDTH = 900;
const HEIGHT = 520;
const MARGIN = { left: 60, right: 20, top: 50, bottom: 50 };
const MIB = 1024 * 1024;
/** Room above the file's length: what is received twice, and headers, come on top of it. */
const HEADROOM = 1.2;
const COLOURS = [
  '#1b6ca8',
  '#2a9d5c',
  '#b3541e',
  '#7b4fa3',
  '#a8871b',
  '#1ba0a8',
  '#a81b5d',
  '#555',
];

interface Axes {
  readonly x: (seconds: number) => number;
  readonly y: (bytes: number) => number;
  readonly maxSeconds: number;
}

/** An SVG of what each leecher's link has received over time, with a dot where its copy was complete,
 *  the seeder's own sending (dashed), and the bound (red). */
export function drawProgress(title: string, plan: SwarmPlan, record: SwarmRecord): string {
  const { fileBytes, boundSeconds } = plan;
  const maxSeconds = Math.max(boundSeconds, ...record.doneAtSeconds) * 1.05;
  const seederBytes = record.watch.moments.at(-1)?.links[0]?.sent ?? 0;
  const maxBytes = Math.max(fileBytes * HEADROOM, seederBytes);
  const inner = {
    width: WIDTH - MARGIN.left - MARGIN.right,
    height: HEIGHT - MARGIN.top - MARGIN.bottom,
  };
  const axes: Axes = {
    x: (seconds) => MARGIN.left + (seconds / maxSeconds) * inner.width,
    y: (bytes) => HEIGHT - MARGIN.bottom - (bytes / maxBytes) * inner.height,
    maxSeconds,
  };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="white"/>`,
    `<text x="${MARGIN.left}" y="24" font-size="15">${escapeText(title)}</text>`,
    ...drawAxes(axes, fileBytes),
    ...drawBound(axes, plan),
    ...drawLinks(axes, plan, record),
    '</svg>\n',
  ].join('\n');
}

function drawAxes({ x, y, maxSeconds }: Axes, fileBytes: number): string[] {
  const stepSeconds =
    [1, 2, 5, 10, 20, 50, 100, 200].find((step) => maxSeconds / step <= 15) ?? 500;
  const times = Array.from(
    { length: Math.floor(maxSeconds / stepSeconds) + 1 },
    (_, index) => index * stepSeconds,
  );
  const sizes = [0, 0.25, 0.5, 0.75, 1].map((share) => share * fileBytes);
  return [
    ...times.map((seconds) => {
      const at = x(seconds).toFixed(1);
      return `<line x1="${at}" x2="${at}" y1="${MARGIN.top}" y2="${HEIGHT - MARGIN.bottom}" stroke="#eee"/><text x="${at}" y="${HEIGHT - MARGIN.bottom + 18}" text-anchor="middle">${seconds} s</text>`;
    }),
    ...sizes.map((bytes) => {
      const at = y(bytes).toFixed(1);
      return `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${at}" y2="${at}" stroke="#ddd"/><text x="${MARGIN.left - 6}" y="${at}" dy="4" text-anchor="end">${(bytes / MIB).toFixed(0)} MiB</text>`;
    }),
  ];
}

function drawBound(
  { x, y }: Axes,
  { fileBytes, boundSeconds, arrivalMs, leechers }: SwarmPlan,
): string[] {
  const starts = arrivalMs === 0 ? [0] : leechers.map((_, index) => (index * arrivalMs) / 1_000);
  return starts.map((start) => {
    const from = `x1="${x(start).toFixed(1)}" y1="${y(0).toFixed(1)}"`;
    const to = `x2="${x(start + boundSeconds).toFixed(1)}" y2="${y(fileBytes).toFixed(1)}"`;
    return `<line ${from} ${to} stroke="#d00" stroke-width="1.5"/>`;
  });
}

function drawLinks(
  { x, y }: Axes,
  { leechers, doomed, fileBytes }: SwarmPlan,
  record: SwarmRecord,
): string[] {
  const { startMs, doneAtSeconds, watch } = record;
  const line = (hostIndex: number, side: 'sent' | 'received') =>
    watch.moments
      .map(({ atMs, links }) => {
        const at = x((atMs - startMs) / 1_000).toFixed(1);
        return `${at},${y(links[hostIndex]![side]).toFixed(1)}`;
      })
      .join(' ');
  const seeder = `<polyline points="${line(0, 'sent')}" fill="none" stroke="#000" stroke-dasharray="5 4"/>`;
  const curves = [...leechers, ...doomed].map((_, index) => {
    const colour = index < leechers.length ? COLOURS[index % COLOURS.length]! : '#bbb';
    return `<polyline points="${line(index + 1, 'received')}" fill="none" stroke="${colour}"/>`;
  });
  const dots = doneAtSeconds.map((seconds, index) => {
    const colour = COLOURS[index % COLOURS.length]!;
    return `<circle cx="${x(seconds).toFixed(1)}" cy="${y(fileBytes).toFixed(1)}" r="4" fill="${colour}"/>`;
  });
  return [seeder, ...curves, ...dots];
}

const escapeText = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
