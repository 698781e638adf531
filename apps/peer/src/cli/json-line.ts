/** A value as one line of JSON that no terminal takes for orders: what JSON leaves raw of the control
 *  characters, and of those that turn the line around, is escaped too. */
export function toJsonLine(value: unknown): string {
  const text = JSON.stringify(value).replace(
    /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `${text}\n`;
}
