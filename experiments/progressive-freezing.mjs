/**
 * Progressive freezing beside plain fine-tuning: seconds to the same held-out loss, and the last losses, over paired seeds.
 * `npm run build && node experiments/progressive-freezing.mjs [--gsm8k gsm8k_train.jsonl] [--seeds 1]`, on a machine that does nothing else;
 * some ten minutes.
 *
 * The paper's base (runs/paper-full, from `npm run paper -- --preset full`) on glosses, once with a pass through the data (nothing is met
 * twice, so kept activations have no use) and once with few examples again and again; and stories15M (runs/stories15m, from `node
 * examples/stories15m.mjs`) on GSM8K where its file is given.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { wordnetGlosses } from "../dist/paper/wordnet-glosses.js";
import { writeFileAtomically } from "../dist/records/record-file.js";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({ options: { gsm8k: { type: "string" }, seeds: { type: "string", default: "1" } } });

const glosses = wordnetGlosses();
const jsonl = (name) => {
  const path = join(root, "runs", "glosses", `${name}.jsonl`);
  const lines = glosses[name].map(({ prompt, completion }) => JSON.stringify({ prompt, completion }));
  writeFileAtomically(path, `${lines.join("\n")}\n`);
  return path;
};
const paper = [
  "runs/paper-full/base",
  "--data",
  jsonl("training"),
  "--eval-data",
  jsonl("heldOut"),
  "--max-length",
  "64",
];
const runs = [
  ["glosses, once", ["prefix"], [...paper, "--lr", "1e-3", "--max-examples", "20000", "--steps", "400"]],
  [
    "glosses, again and again",
    ["prefix", "matrices"],
    [...paper, "--lr", "1e-3", "--max-examples", "2000", "--steps", "400"],
  ],
  ...(values.gsm8k
    ? [
        [
          "GSM8K, again and again",
          ["prefix"],
          ["runs/stories15m", "--data", values.gsm8k, "--lr", "3e-4", "--max-examples", "600", "--steps", "240"],
        ],
      ]
    : []),
];
console.log(
  "| run | rule | frozen at the end | seconds, plain | seconds, freezing | to the same loss | last loss against plain |",
);
console.log("|---|---|---|---|---|---|---|");
for (const [name, rules, args] of runs) {
  if (!existsSync(join(root, args[0]))) {
    console.error(`${args[0]}: is missing; left out.`);
    continue;
  }
  for (const rule of rules) {
    const out = join("runs", `progressive-${name.replace(/\W+/g, "-")}-${rule}`);
    const further = ["--progressive", "--freeze", rule, "--compare", "--seeds", values.seeds, "--schedule", "linear"];
    const all = ["sft", ...args, ...further, "--held-out", "256", "--keep", "last", "--out", out];
    const { status } = spawnSync(process.execPath, [join("dist", "cli", "main.js"), ...all], {
      ...{ cwd: root, stdio: ["ignore", "ignore", "inherit"] },
    });
    if (status !== 0) process.exit(status ?? 1);
    const { comparison } = JSON.parse(readFileSync(join(root, out, "sft.json"), "utf8"));
    for (const { frozen, plain, speedUp, lastDeltaPercent } of comparison) {
      const share = (100 * frozen.phases.at(-1).frozenShare).toFixed(0);
      const times = `${plain.seconds.toFixed(0)} | ${frozen.seconds.toFixed(0)} | ${speedUp?.toFixed(2)}x`;
      const blocks = `${share}%, prefix of ${frozen.phases.at(-1).prefixBlocks}${frozen.phases.at(-1).cached ? ", kept" : ""}`;
      console.log(
        `| ${name}, seed ${frozen.seed} | ${rule} | ${blocks} | ${times} | ${lastDeltaPercent.toFixed(2)}% |`,
      );
    }
  }
}
