/** @file How a terminal wants to be written to: with colour or without, and how wide. */

export interface TerminalLook {
  readonly color: boolean;
  /** Characters in a line. */
  readonly width: number;
}

export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Lines of what goes into a file or a pipe are equally long everywhere. */
const widthOfFiles = 100;

/** NO_COLOR (no-color.org) wins over everything; FORCE_COLOR colours a pipe too. */
export function terminalLook(
  stream: Terminal,
  environment: Readonly<Record<string, string | undefined>>,
): TerminalLook {
  const { NO_COLOR, FORCE_COLOR, TERM } = environment;
  const forced = FORCE_COLOR !== undefined && FORCE_COLOR !== "" && FORCE_COLOR !== "0";
  return {
    color: !NO_COLOR && (forced || (stream.isTTY === true && TERM !== "dumb")),
    width: stream.isTTY && stream.columns ? stream.columns : widthOfFiles,
  };
}

type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** SGR parameters (ECMA-48, 8.3.117). */
const codes: Readonly<Record<Style, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

export type Paint = (style: Style, text: string) => string;

export function painter(color: boolean): Paint {
  return (style, text) => {
    const [on, off] = codes[style];
    return color && text !== "" ? `\u001b[${on}m${text}\u001b[${off}m` : text;
  };
}
