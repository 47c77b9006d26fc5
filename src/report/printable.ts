/** @file Foreign text on a terminal, and lines of whole words. */

/** Control characters of foreign text would steer the terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, " ");
}

/** Lines of whole words, each at most `width` characters unless a single word is longer. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of printable(text).split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
