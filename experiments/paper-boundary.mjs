/**
 * How many matrices of the paper's model can go together: `npm run build && node experiments/paper-boundary.mjs [--preset full]
 * [options of deadweight boundary]`; interrupt at any time, the same command continues.
 *
 * The base is that of `npm run paper -- --preset full` (runs/paper-full), which must have finished, at the learning rate that was chosen
 * there. The glosses are written as JSONL files, and the command is the one that anyone would give.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { wordnetGlosses } from "../dist/paper/wordnet-glosses.js";
import { writeFileAtomically } from "../dist/records/record-file.js";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const given = process.argv.slice(2);
const at = given.indexOf("--preset");
const preset = at < 0 ? "full" : given[at + 1];
const further = at < 0 ? given : given.toSpliced(at, 2);

const paper = join(root, "runs", `paper-${preset}`, "paper.json");
if (!existsSync(paper)) {
  console.error(`${paper}: is missing. Run \`npm run paper -- --preset ${preset}\` first.`);
  process.exit(1);
}
const { learningRate } = JSON.parse(readFileSync(paper, "utf8")).sft;
const glosses = wordnetGlosses();
const files = { training: glosses.training, heldOut: glosses.heldOut };
const folder = join(root, "runs", "glosses");
for (const [name, pairs] of Object.entries(files)) {
  const lines = pairs.map(({ prompt, completion }) => JSON.stringify({ prompt, completion }));
  writeFileAtomically(join(folder, `${name}.jsonl`), `${lines.join("\n")}\n`);
}
const args = [
  ...["boundary", join("runs", `paper-${preset}`, "base"), "--out", join("runs", `boundary-paper-${preset}`)],
  ...["--data", "runs/glosses/training.jsonl", "--eval-data", "runs/glosses/heldOut.jsonl", "--max-examples", "80000"],
  ...["--lr", String(learningRate), "--max-length", "64", ...further],
];
const { status } = spawnSync(process.execPath, [join("dist", "cli", "main.js"), ...args], {
  cwd: root,
  stdio: "inherit",
});
process.exit(status ?? 1);
