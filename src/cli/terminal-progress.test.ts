import { expect, test } from "vitest";
import { terminalProgress } from "./terminal-progress.js";

function recorder(isTTY: boolean) {
  const written: string[] = [];
  let time = 0;
  const output = {
    isTTY,
    columns: 60,
    write(text: string) {
      written.push(text);
      return true;
    },
  };
  return { written, progress: terminalProgress(output, () => time), pass: (ms: number) => (time += ms) };
}

test("a log gets a line at the start of a stage, every fifteen seconds, and at its end", () => {
  const { written, progress, pass } = recorder(false);
  for (let step = 0; step <= 100; step++) {
    progress.update({ stage: "base", fraction: step / 100, detail: `step ${step}` });
    pass(1000);
  }
  expect(written.map((line) => line.split(",")[0])).toEqual(
    [0, 15, 30, 45, 60, 75, 90, 100].map((p) => `base: ${`${p}%`.padStart(4)}`),
  );
  expect(written[1]).toContain("about 1 min 25 s left");
});

test("a terminal keeps one line within its width", () => {
  const { written, progress } = recorder(true);
  progress.update({ stage: "base", fraction: 0.5, detail: "x".repeat(200) });
  expect(written).toHaveLength(1);
  expect(written[0].replace("\r\x1b[2K", "")).toHaveLength(59);
});
