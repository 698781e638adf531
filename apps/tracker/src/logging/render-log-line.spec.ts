import { expect, it } from 'vitest';
import { renderLogLine } from './render-log-line.js';

const TIME = '2026-01-01T00:00:00.000Z';
const lineOf = (msg: string) =>
  renderLogLine(JSON.stringify({ level: 50, time: TIME, context: 'rpc', msg }));

it('gives time, level, where and what', () => {
  expect(lineOf('naïve 日本 🐟')).toBe(`${TIME} error rpc: naïve 日本 🐟\n`);
});

it('gives no orders to a terminal', () => {
  expect(lineOf('a\u001b[31m\u009b2J\u202eb\r\u007f')).toBe(
    `${TIME} error rpc: a\\u{1b}[31m\\u{9b}2J\\u{202e}b\\u{d}\\u{7f}\n`,
  );
});

it('lets no text look like another entry', () => {
  expect(lineOf(`first\n${TIME} info second`)).toBe(
    `${TIME} error rpc: first\n    ${TIME} info second\n`,
  );
});
