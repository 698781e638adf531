import { CODEC_SUBJECTS } from './codec-subjects.js';
import type { CoreSubject } from './core-subject.js';
import { LEDGER_SUBJECTS } from './ledger-subjects.js';
import { MEMORY_SUBJECTS } from './memory-subjects.js';
import { PICKER_SUBJECTS } from './picker-subjects.js';
import { SEEDING_SUBJECTS } from './seeding-subjects.js';

export const SUBJECTS: readonly CoreSubject[] = [
  ...PICKER_SUBJECTS,
  ...LEDGER_SUBJECTS,
  ...SEEDING_SUBJECTS,
  ...CODEC_SUBJECTS,
  ...MEMORY_SUBJECTS,
];
