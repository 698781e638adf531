import { expect, it } from 'vitest';
import { TRACKER_SUBJECTS } from './tracker-subjects.js';
import { WIRE_SUBJECTS } from './wire-subjects.js';

it.each([...WIRE_SUBJECTS, ...TRACKER_SUBJECTS])('$name', ({ failure }) => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  expect(failure({ seed, numRuns: 400 })).toBeUndefined();
});
