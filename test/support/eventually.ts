const LOOK_AGAIN_MS = 25;

/** Looks until `check` stops throwing: for what another process does in its own time. The test's
 *  own time-out bounds it. */
export async function eventually<T>(check: () => T | Promise<T>, signal?: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (signal?.aborted === true) throw error;
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  }
}
