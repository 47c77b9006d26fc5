import { describe, expect, it } from "vitest";
import { painter, terminalLook } from "./terminal-look.js";

describe("terminalLook", () => {
  const terminal = { isTTY: true, columns: 132 };

  it("takes the width and the colour of a terminal", () => {
    expect(terminalLook(terminal, {})).toEqual({ color: true, width: 132 });
  });

  it("is plain and of one width for files and pipes", () => {
    expect(terminalLook({}, {})).toEqual({ color: false, width: 100 });
    expect(terminalLook({ columns: 132 }, {})).toEqual({ color: false, width: 100 });
  });

  it("lets NO_COLOR win, where it is not empty", () => {
    expect(terminalLook(terminal, { NO_COLOR: "1", FORCE_COLOR: "1" }).color).toBe(false);
    expect(terminalLook(terminal, { NO_COLOR: "" }).color).toBe(true);
    expect(terminalLook(terminal, { TERM: "dumb" }).color).toBe(false);
    expect(terminalLook({}, { FORCE_COLOR: "1" }).color).toBe(true);
    expect(terminalLook({}, { FORCE_COLOR: "0" }).color).toBe(false);
  });
});

describe("painter", () => {
  it("writes SGR sequences, or nothing", () => {
    expect(painter(true)("red", "x")).toBe("\u001b[31mx\u001b[39m");
    expect(painter(false)("red", "x")).toBe("x");
  });
});
