// Loaded into a program before everything else: its wall clock is off by as many milliseconds as stand in
// the file that STEPPED_CLOCK names, from the moment they do. As for a clock that is set, what is
// measured (performance.now, timers) goes on undisturbed.
import { readFileSync, watch } from 'node:fs';
import process from 'node:process';

const path = process.env['STEPPED_CLOCK'];
const realNow = Date.now;
let offsetMs = 0;

function read() {
  const text = readFileSync(path, 'utf8');
  // It is empty for a moment while it is written.
  if (text !== '') offsetMs = Number(text);
}

read();
watch(path, { persistent: false }, read).on('error', () => undefined);

Date.now = () => realNow() + offsetMs;
globalThis.Date = new Proxy(Date, {
  construct: (target, args, newTarget) =>
    Reflect.construct(target, args.length === 0 ? [Date.now()] : args, newTarget),
});
