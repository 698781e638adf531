import { createInterface, type Interface } from 'node:readline';

/** Lines from stdin, one at a time, with a prompt on a terminal. Owns the terminal's line editor. */
export class LineReader {
  private readonly editor: Interface;
  private readonly lines: AsyncIterator<string>;

  /** `onInterrupt`: Ctrl-C while a line is being typed or a command runs. */
  constructor(prompt: string, onInterrupt: () => void) {
    const isTerminal = process.stdin.isTTY && process.stdout.isTTY;
    this.editor = createInterface({
      input: process.stdin,
      ...(isTerminal ? { output: process.stdout } : {}),
      terminal: isTerminal,
      prompt,
    });
    this.editor.on('SIGINT', onInterrupt);
    this.lines = this.editor[Symbol.asyncIterator]();
    this.isPrompting = isTerminal;
  }

  private readonly isPrompting: boolean;

  /** Undefined at the end of the input. */
  async next(): Promise<string | undefined> {
    if (this.isPrompting) this.editor.prompt();
    const line = await this.lines.next();
    return line.done === true ? undefined : line.value;
  }

  close(): void {
    this.editor.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
