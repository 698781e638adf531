import fc from 'fast-check';

/** Something that must hold whatever strangers send, and how to draw what they send. */
export interface FuzzSubject {
  readonly name: string;
  /** Undefined when it holds; else what breaks it, with the seed and the path. */
  readonly failure: (parameters: { seed: number; numRuns: number }) => string | undefined;
}

/** `holds` throws when it does not. */
export function fuzzSubject<T>(
  name: string,
  arbitrary: fc.Arbitrary<T>,
  holds: (value: T) => void,
): FuzzSubject {
  return {
    name,
    failure: (parameters) => {
      const details = fc.check(fc.property(arbitrary, holds), parameters);
      return details.failed ? fc.defaultReportMessage(details) : undefined;
    },
  };
}

/** What `work` gives, or the code of its refusal; any other error is thrown on. */
export function valueOrCode<T>(
  work: () => T,
  isRefusal: (error: unknown) => error is { code: string },
): { value: T } | { code: string } {
  try {
    return { value: work() };
  } catch (error) {
    if (isRefusal(error)) return { code: error.code };
    throw error;
  }
}
