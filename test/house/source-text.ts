/** What a house test reads of a source file: its text without comments, and without strings too.
 *  Both are as long as the text, line for line. A reader of text, not a compiler: it knows enough of
 *  the language to tell comments, strings, templates and regular expressions from code. */
export interface SourceText {
  /** Comments are blank. */
  readonly uncommented: string;
  /** Comments, strings, the texts of templates and regular expressions are blank. */
  readonly code: string;
}

const QUOTES = new Set(["'", '"']);
const WORDS_BEFORE_A_VALUE = /\b(return|typeof|case|in|of|await|yield|do|else|void|delete)$/;

export function readSourceText(text: string): SourceText {
  const uncommented = text.split('');
  const code = text.split('');
  const blank = (into: string[], start: number, end: number) => {
    for (let at = start; at < end; at += 1) if (into[at] !== '\n') into[at] = ' ';
  };

  /** Depths of braces at which a template goes on. */
  const templates: number[] = [];
  let depth = 0;
  let at = 0;

  const passTemplateText = (start: number): number => {
    let end = start;
    while (end < text.length && text[end] !== '`' && !text.startsWith('${', end)) {
      end += text[end] === '\\' ? 2 : 1;
    }
    blank(code, start, end);
    if (text[end] === '`') return end + 1;
    templates.push(depth);
    depth += 1;
    return end + 2;
  };

  while (at < text.length) {
    const character = text.charAt(at);
    const end = endOfToken(text, at, code);
    if (end.kind === 'comment') {
      blank(uncommented, at, end.at);
      blank(code, at, end.at);
    } else if (end.kind === 'literal') {
      blank(code, at + 1, end.at - 1);
    } else if (character === '`') {
      at = passTemplateText(at + 1);
      continue;
    } else if (character === '{') {
      depth += 1;
    } else if (character === '}') {
      depth -= 1;
      if (templates.at(-1) === depth) {
        templates.pop();
        at = passTemplateText(at + 1);
        continue;
      }
    }
    at = end.at;
  }
  return { uncommented: uncommented.join(''), code: code.join('') };
}

function endOfToken(
  text: string,
  at: number,
  code: readonly string[],
): { kind: 'comment' | 'literal' | 'character'; at: number } {
  const character = text.charAt(at);
  if (text.startsWith('//', at))
    return { kind: 'comment', at: endOr(text.indexOf('\n', at), text) };
  if (text.startsWith('/*', at)) {
    const close = text.indexOf('*/', at + 2);
    return { kind: 'comment', at: close === -1 ? text.length : close + 2 };
  }
  if (QUOTES.has(character)) return { kind: 'literal', at: endOfLiteral(text, at, character) };
  if (character === '/' && beginsValue(code, at)) {
    return { kind: 'literal', at: endOfLiteral(text, at, '/') };
  }
  return { kind: 'character', at: at + 1 };
}

function endOfLiteral(text: string, start: number, close: string): number {
  let isInClass = false;
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text[at];
    if (character === '\\') at += 1;
    else if (character === '\n') return at;
    else if (close === '/' && character === '[') isInClass = true;
    else if (close === '/' && character === ']') isInClass = false;
    else if (character === close && !isInClass) return at + 1;
  }
  return text.length;
}

/** Whether a slash here begins a regular expression: nothing stands before it to be divided. */
function beginsValue(code: readonly string[], at: number): boolean {
  const before = code
    .slice(Math.max(0, at - 40), at)
    .join('')
    .trimEnd();
  return (
    before === '' || /[(,=:[!&|?{};+*%~^<>-]$/.test(before) || WORDS_BEFORE_A_VALUE.test(before)
  );
}

function endOr(index: number, text: string): number {
  return index === -1 ? text.length : index;
}
