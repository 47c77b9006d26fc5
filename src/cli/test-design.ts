/** @file What a test fixes before its first seed, and whether a folder that is continued was begun with the same. Runs nothing. */
import { existsSync } from "node:fs";
import { armName } from "../crystal/arm.js";
import { InputError } from "../foundation/errors.js";
import { readRecord } from "../records/record-file.js";
import type { RunFolder } from "../records/run-folder.js";
import type { TestDesign } from "../records/run-record.js";
import { type TestRecord, testRecord } from "../records/test-record.js";
import { firstLook, type TestArguments } from "./test-arguments.js";
import type { TestedModel } from "./tested-model.js";

export function designOf({ targets }: TestedModel, args: TestArguments): TestDesign {
  if (args.seeds !== null) return { seeds: "fixed" };
  const { maxSeeds: lastLook, margin, confidence, arms } = args;
  return {
    ...{ seeds: "auto", firstLook, lastLook, margin, confidence },
    targets: targets.map((matrices) => matrices.map(({ name }) => name).join("+")),
    arms: arms.map(armName),
  };
}

/** Of a test that was finished when its design was not recorded by itself yet. */
function designOfRecord({ verdicts, targets }: TestRecord): TestDesign {
  const { sequential, margin, confidence } = verdicts;
  if (!sequential) return { seeds: "fixed" };
  return {
    ...{ seeds: "auto", ...sequential, margin, confidence },
    targets: targets.map(({ name }) => name),
    arms: [...new Set(targets.flatMap(({ arms }) => arms.map(({ arm }) => arm)))],
  };
}

function recordedDesign({ record, file }: RunFolder): TestDesign | null {
  if (record.design) return record.design;
  const path = file("test.json");
  return existsSync(path) ? designOfRecord(readRecord(path, testRecord)) : null;
}

const there = (before: number | string, now: number | string) => `${before} there, ${now} asked for`;

const some = ([first, ...others]: readonly string[]) =>
  others.length === 0 ? first : `${first} and ${others.length} more`;

/** What stands in one of the two lists only; empty where that is nothing, whatever the order. */
function unshared(before: readonly string[], now: readonly string[]): string {
  const [gone, added] = [before.filter((name) => !now.includes(name)), now.filter((name) => !before.includes(name))];
  return [
    ...(gone.length > 0 ? [`${some(gone)} there only`] : []),
    ...(added.length > 0 ? [`${some(added)} asked for only`] : []),
  ].join(", ");
}

/** By the option that sets it: what differs, empty where nothing does. */
function differences(begun: TestDesign, asked: TestDesign): [option: string, text: string][] {
  if (begun.seeds === "fixed" || asked.seeds === "fixed") {
    const [before, now] = [begun, asked].map(({ seeds }) => (seeds === "auto" ? seeds : "a fixed number"));
    return before === now ? [] : [["--seeds", there(before, now)]];
  }
  const number = (key: "firstLook" | "lastLook" | "margin" | "confidence") =>
    begun[key] === asked[key] ? "" : there(begun[key], asked[key]);
  const all: [string, string][] = [
    ["the first look", number("firstLook")],
    ["--max-seeds", number("lastLook")],
    ["--margin", number("margin")],
    ["--confidence", number("confidence")],
    ["--matrix", unshared(begun.targets, asked.targets)],
    ["--arms", unshared(begun.arms, asked.arms)],
  ];
  return all.filter(([, text]) => text !== "");
}

/**
 * Seeds that are looked at one after the other err as stated only under the looks and the family of hypotheses that were fixed before the
 * first; a number of fixed seeds may grow, and so may what they are run for. A folder of which no design is known is taken as it is.
 * @throws InputError
 */
export function demandDesign(folder: RunFolder, asked: TestDesign): void {
  const begun = recordedDesign(folder);
  const differing = begun === null ? [] : differences(begun, asked);
  if (differing.length === 0) return;
  const named = differing.map(([option, text]) => `${option} (${text})`).join(", ");
  const rejudged = differing.every(([option]) => option === "--margin" || option === "--confidence");
  throw new InputError(
    `${folder.path}: holds a test of another design, ${named}, and one that changes after seeds were looked at may err more often than stated; ask for what is there, ${rejudged ? "judge its trials again by `deadweight verdict`, " : ""}or choose another --out.`,
  );
}
