/** A part of a text, in UTF-16 code units, as JavaScript, Java and C# index their strings. */
export interface TextPart {
  offset: number;
  length: number;
  /** Set when a single character is refused: its code point, such as `U+202E`, and its name. */
  character?: { codePoint: string; name: string };
}

/** The character at an offset. */
export function characterAt(text: string, offset: number): TextPart & Required<Pick<TextPart, 'character'>> {
  const code = text.codePointAt(offset) ?? 0;
  const codePoint = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  return { offset, length: code > 0xffff ? 2 : 1, character: { codePoint, name: nameOf(code) } };
}

/** `U+202E (right-to-left override) at offset 12`, for a sentence. */
export function sayWhere({ offset, character }: TextPart): string {
  return character
    ? `${character.codePoint} (${character.name}) at offset ${offset}`
    : `what stands at offset ${offset}`;
}

/**
 * The first character that cannot be stored: NUL, which PostgreSQL refuses, or half a surrogate pair, which would be
 * stored as another character.
 */
export function findUnkeepable(text: string): TextPart | undefined {
  const offset = text.search(UNKEEPABLE);
  return offset === -1 ? undefined : characterAt(text, offset);
}

const UNKEEPABLE = /[\0\p{Surrogate}]/u;

/** Names of characters that people paste without seeing them. Node has no list of Unicode names. */
const NAMES: Record<number, string> = {
  0x0000: 'null',
  0x0008: 'backspace',
  0x001b: 'escape',
  0x007f: 'delete',
  0x00a0: 'no-break space',
  0x00ad: 'soft hyphen',
  0x061c: 'Arabic letter mark',
  0x180e: 'Mongolian vowel separator',
  0x200b: 'zero width space',
  0x200c: 'zero width non-joiner',
  0x200d: 'zero width joiner',
  0x200e: 'left-to-right mark',
  0x200f: 'right-to-left mark',
  0x2028: 'line separator',
  0x2029: 'paragraph separator',
  0x202a: 'left-to-right embedding',
  0x202b: 'right-to-left embedding',
  0x202c: 'pop directional formatting',
  0x202d: 'left-to-right override',
  0x202e: 'right-to-left override',
  0x2060: 'word joiner',
  0x2066: 'left-to-right isolate',
  0x2067: 'right-to-left isolate',
  0x2068: 'first strong isolate',
  0x2069: 'pop directional isolate',
  0xfeff: 'byte order mark, or zero width no-break space',
  0xfffc: 'object replacement character',
  0xfffd: 'replacement character',
  0xfffe: 'noncharacter, a byte order mark with its bytes swapped',
};

/** For characters that `NAMES` does not have. */
const CLASSES: [RegExp, string][] = [
  [/\p{Surrogate}/u, 'half of a surrogate pair'],
  [/\p{Noncharacter_Code_Point}/u, 'noncharacter'],
  [/\p{Control}/u, 'control character'],
  [/\p{Variation_Selector}/u, 'variation selector'],
  [/[\u{e0000}-\u{e007f}]/u, 'tag character'],
  [/\p{Private_Use}/u, 'private use character'],
  [/\p{Default_Ignorable_Code_Point}/u, 'invisible character'],
  [/\p{White_Space}/u, 'white space'],
  [/\p{Unassigned}/u, 'unassigned character'],
  [/\p{Mark}/u, 'combining mark'],
];

function nameOf(code: number): string {
  const character = String.fromCodePoint(code);
  return (
    NAMES[code] ??
    CLASSES.find(([pattern]) => pattern.test(character))?.[1] ??
    // A visible character needs no name.
    character
  );
}
