import { median, spreadOf } from '../harness/statistics.js';
import { figure } from '../harness/table.js';

/** What the well-behaved got in each round, beside one kind of abuse or alone. */
export interface RateRow {
  readonly title: string;
  /** Undefined: that round failed. */
  readonly rates: (number | undefined)[];
}

/** Medians; `ratio` compares each round with the reference's and is the median of that. */
export function renderRateRows(rows: readonly RateRow[]): string[][] {
  return rows.map(({ title, rates }) => {
    const known = rates.filter((rate) => rate !== undefined);
    const spread = spreadOf(known);
    const ratios = rates.flatMap((rate, round) => {
      const alone = rows[0]!.rates[round];
      return rate === undefined || alone === undefined ? [] : [rate / alone];
    });
    const figures = [spread.median, spread.min, spread.max, median(ratios)].map(figure);
    return [title, ...figures, String(known.length)];
  });
}
