// npm run chaos -- [--minutes N] [--seed S]: the same test as in npm test, for as long as one likes.
import { spawn } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string' } },
});
const numbers = Object.values(values).map(Number);
if (!numbers.every((value) => Number.isFinite(value) && value >= 0)) {
  process.stderr.write('chaos: --minutes and --seed take numbers\n');
  process.exit(2);
}
const env = { ...process.env, CHAOS_MINUTES: values.minutes };
if (values.seed !== undefined) env['CHAOS_SEED'] = values.seed;
const args = ['vitest', 'run', '--project', 'chaos'];
const child = spawn('npx', args, { env, stdio: 'inherit' });
child.on('exit', (code) => process.exit(code ?? 1));
