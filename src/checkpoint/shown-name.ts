/** @file A foreign name or message, made fit for one line of a terminal. Knows nothing of where it came from. */

const most = 120;

/** @returns the text with characters that are not to be seen escaped, cut to 120 characters. */
export function shownName(text: string): string {
  const cut = text.length > most ? `${text.slice(0, most)}...` : text;
  // C: control, direction, lone surrogates, unassigned; Zl and Zp break the line too.
  return cut.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u{${character.codePointAt(0)!.toString(16)}}`;
  });
}
