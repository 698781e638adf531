/** Text from strangers as a terminal may see it, on one line: control characters, line breaks and what
 *  turns the line around are shown as escapes. */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}
