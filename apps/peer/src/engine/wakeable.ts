/** A sleep that an event can cut short; a wake while nobody sleeps makes the next sleep end at
 *  once. */
export class Wakeable {
  private isWoken = false;
  private wakeSleeper: (() => void) | undefined;

  wake(): void {
    this.isWoken = true;
    this.wakeSleeper?.();
  }

  async sleep(durationMs: number): Promise<void> {
    if (!this.isWoken && durationMs > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(durationMs, 2 ** 31 - 1));
        this.wakeSleeper = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.wakeSleeper = undefined;
    }
    this.isWoken = false;
  }
}
