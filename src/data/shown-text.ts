/** @file A piece of foreign text, made fit for one line of a terminal. Knows nothing of where it came from. */

const most = 120;

/** @returns the text with characters that are not to be seen escaped, cut to 120 characters. */
export function shownText(text: string): string {
  const cut = text.length > most ? `${text.slice(0, most)}...` : text;
  // C: control, direction, lone surrogates, unassigned; Zl and Zp break the line too.
  return cut.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}

/** @returns the names quoted and joined, at most eight of them. */
export function shownList(names: readonly string[]): string {
  const shown = names.slice(0, 8).map((name) => `'${shownText(name)}'`);
  return shown.join(", ") + (names.length > shown.length ? `, and ${names.length - shown.length} more` : "");
}
