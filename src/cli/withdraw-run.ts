/** @file Takes back a run folder that was begun and then refused before anything was trained. */
import { existsSync, rmSync } from "node:fs";
import type { RunFolder } from "../records/run-folder.js";

/** A run that was refused before it trained anything must not bar the folder to the same command with its data mended. */
export function withdrawRun({ continued, file }: RunFolder): void {
  if (continued || ["before.jsonl", "trials.jsonl", "best", "last"].some((name) => existsSync(file(name)))) return;
  for (const name of ["run.json", "sft-data.json"]) rmSync(file(name), { force: true });
}
