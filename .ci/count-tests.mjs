// node .ci/count-tests.mjs REPORT EXIT_CODE: prints "PASSED FAILED" from vitest's JSON report. A file
// that could not be run counts as one failure, and so does a failed run without any failed test.
import { readFileSync } from 'node:fs';

const [reportPath, exitCode] = process.argv.slice(2);
const { numPassedTests, numFailedTests, testResults } = JSON.parse(readFileSync(reportPath));
const unrunnable = testResults.filter(
  ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
).length;
const failed = numFailedTests + unrunnable;
const silent = failed === 0 && (exitCode !== '0' || numPassedTests === 0) ? 1 : 0;
process.stdout.write(`${numPassedTests} ${failed + silent}\n`);
