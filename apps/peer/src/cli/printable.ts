/** Text from strangers as a terminal may see it: control characters and those that turn the line
 *  around are shown as escapes, line breaks are kept. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    character === '\n' ? character : `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}
