import { TransferError } from '../core/transfer-error.js';
import type { Finding } from '../engine/doctor/finding.js';
import { renderColumns } from './columns.js';

export interface DoctorData {
  readonly checks: readonly {
    readonly name: Finding['check'];
    readonly state: Finding['state'];
    readonly message: string;
    /** What to do; null where there is nothing to do. */
    readonly advice: string | null;
  }[];
}

/** What findings that are no good end the command with; programs get all of them. */
export class ChecksFailed extends TransferError {
  constructor(
    first: Finding,
    message: string,
    readonly data: DoctorData,
  ) {
    super(first.code ?? 'INTERNAL', message);
  }
}

export function toDoctorData(findings: readonly Finding[]): DoctorData {
  return {
    checks: findings.map(({ check, state, message, advice }) => {
      return { name: check, state, message, advice: advice ?? null };
    }),
  };
}

export function renderDoctor({ checks }: DoctorData): string {
  const rows = checks.flatMap(({ name, state, message, advice }) => [
    [state, name, message],
    ...(advice === null ? [] : [['', '', `-> ${advice}`]]),
  ]);
  return renderColumns(rows);
}

/** Undefined when nothing has failed; the code is that of what failed first. */
export function toChecksFailed(findings: readonly Finding[]): ChecksFailed | undefined {
  const failed = findings.filter(({ state }) => state === 'failed');
  const [first] = failed;
  if (first === undefined) return undefined;
  const list = failed.map(({ check, message }) => `${check}: ${message}`).join('; ');
  return new ChecksFailed(first, list, toDoctorData(findings));
}
