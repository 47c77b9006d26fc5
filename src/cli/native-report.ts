/** @file What the doctor tells of the native kernels, as text. Looks for nothing itself. */
import { fixed } from "../report/figure-text.js";
import type { NativeFindings } from "./native-task.js";

type Line = readonly [what: string, text: string];

function variantsText({ supported, lacking }: NativeFindings): string {
  if (supported === null) return "not known";
  return `${supported.join(", ")}${lacking.length > 0 ? `; this processor lacks ${lacking.join(", ")}` : ""}`;
}

function selfTestText({ selfTests }: NativeFindings): string {
  if (selfTests === undefined) return "not run";
  const { fp32, bf16 } = selfTests;
  if (fp32 === null && bf16 === null) return "passed in fp32 and bf16";
  return [fp32 ?? "Passed in fp32.", bf16 ?? "Passed in bf16."].join(" ");
}

/** Lines of name and text. */
export function nativeLines(findings: NativeFindings): readonly Line[] {
  const { compiler, notCompiled, file, reason } = findings;
  return [
    ["compiler", compiler ?? reason ?? "none"],
    ["variants", variantsText(findings)],
    ...notCompiled.map(([variant, complaint]): Line => [variant, `not compiled: ${complaint}`]),
    [
      "library",
      file === null
        ? "none"
        : `${file.path} (${file.seconds === null ? "in the cache" : `compiled now, ${fixed(file.seconds, 1)} s`})`,
    ],
    ...(reason !== null && compiler !== null ? [["why not", reason] as const] : []),
    ["self-test", selfTestText(findings)],
  ];
}
