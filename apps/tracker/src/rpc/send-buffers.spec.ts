import { describe, expect, it } from 'vitest';
import { SendBuffers } from './send-buffers.js';

describe('SendBuffers', () => {
  const long = 'é😀'.repeat(10_000);

  it('gives the bytes of a text', () => {
    const seen: string[] = [];
    const written = new SendBuffers().write(long, (bytes) => {
      seen.push(Buffer.from(bytes).toString());
      return false;
    });
    expect([written, seen]).toEqual([false, [long]]);
  });

  it('leaves short and very long texts alone', () => {
    const buffers = new SendBuffers();
    expect(buffers.write('short', () => true)).toBeUndefined();
    expect(buffers.write('x'.repeat(1_000_000), () => true)).toBeUndefined();
  });

  it('touches no bytes that are still being sent, and takes no more memory than it may', () => {
    const buffers = new SendBuffers();
    const texts = Array.from({ length: 20 }, (_, index) => String(index % 10).repeat(8_192));
    const sent: { bytes: Uint8Array; whenSent: () => void }[] = [];
    const write = (text: string) =>
      buffers.write(text, (bytes, whenSent) => sent.push({ bytes, whenSent }) > 0);
    const written = texts.map(write);
    expect(written.filter(Boolean)).toHaveLength(16);
    expect(sent.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(texts.slice(0, 16));
    sent[3]!.whenSent();
    expect(write(long)).toBe(true);
    expect(write(long)).toBeUndefined();
    expect(Buffer.from(sent[4]!.bytes).toString()).toBe(texts[4]);
  });
});
