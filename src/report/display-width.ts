/** @file How many columns of a terminal a text takes. Knows no colours and no layout. */

/** Han, kana, Hangul, full-width forms and pictures take two columns (UAX #11); marks stand on the character before them. */
const wide =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]/u;
const mark = /[\p{Mn}\p{Me}]/u;

function widthOf(character: string): number {
  if (character < "\u0300") return 1;
  if (mark.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}

/** @param text without control characters. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += widthOf(character);
  return width;
}

/** Cut to `width` columns, with an ellipsis at the cut end. @param keep the end of a name tells more than its beginning; of a sentence it is the other way round. */
export function shortened(text: string, width: number, keep: "beginning" | "end"): string {
  if (displayWidth(text) <= width) return text;
  const kept: string[] = [];
  let left = width - 1;
  for (const character of keep === "end" ? [...text].reverse() : text) {
    left -= widthOf(character);
    if (left < 0) break;
    kept.push(character);
  }
  if (width < 1) return "";
  return keep === "end" ? `…${kept.reverse().join("")}` : `${kept.join("").trimEnd()}…`;
}

export function padded(text: string, width: number, align: "left" | "right"): string {
  const space = " ".repeat(Math.max(0, width - displayWidth(text)));
  return align === "left" ? text + space : space + text;
}
