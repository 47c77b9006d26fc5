/** @file Writes docs/architecture.md: the tree of the sources, a line a file, from each file's opening comment. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

const source = new URL("../src/", import.meta.url);

/** What each folder holds, in the order of the data's way. */
const folders = {
  foundation: "error classes, dtypes, seeded random streams",
  records: "the typed records between stages; reading and atomically writing them",
  linalg: "symmetric eigenvalues, singular values, truncated SVD, least squares, on typed arrays",
  checkpoint: "bytes to named tensors and back; which tensor is which weight of which layer",
  graph: "primitives, builder, verifier, reverse-mode differentiation, passes",
  engine: "the backends of a graph: float64 reference, onnxruntime, native kernels (their C is in `native/`)",
  spectrum: "the measures of one matrix, their nulls, the scan of a checkpoint",
  model: "architectures as graphs, from a config",
  data: "tokenizers, fine-tuning examples with loss masks, packing, batches",
  training: "AdamW, schedules, the training step, evaluation, fine-tuning, progressive freezing, pre-training",
  crystal: "arms (what is done to a matrix), trial specs, running one trial",
  statistics: "paired differences, intervals, equivalence, multiplicity, verdicts",
  dispatch: "where trials run: in process, in worker processes",
  study: "which trials to run: the test of many matrices, the boundary of what can go together",
  export: "plans held against a checkpoint, handed to other trainers, or made a smaller checkpoint",
  report: "records to one HTML page and to terminal tables",
  paper: "paper 63 as a composition of the above",
  cli: "arguments, paths, progress, exit codes",
};

const opening = `# Architecture

    checkpoint --> scan ----> ScanRecord ---+
        |                                   +--> report
        +--> trials --> TrialRecord --> verdicts --+--> plan --> sft / export
                 ^                                 |
                 +------- boundary (joint sets) <--+

Stages talk through records: versioned JSON, described key by key in \`src/records/\`. Any stage can be run again, resumed or read
by a script. A training run is one graph: \`model/\` builds the forward pass from coarse primitives, \`graph/\` differentiates it with
respect to what is trainable, a backend in \`engine/\` compiles it. Weights, gradients and moments lie in one WebAssembly memory that the
backend reads and writes in place and the optimizer's kernel works on. Frozen is structural: a frozen weight has no gradient node, and
nothing below the lowest trainable weight is differentiated. A rank-k weight is two thin products.

A backward primitive takes its forward's inputs, never saved intermediates: what a backend keeps between the two (log-probabilities,
attention probabilities, normalized rows) is its own business, so that another backend may fuse or recompute.

Folders import in one direction; \`test/imports.test.ts\` holds the table. This page is written by \`npm run docs\`.
`;

/** The sentence after @file, up to the end of the comment. */
function duty(file) {
  const text = readFileSync(new URL(file, source), "utf8");
  const [, comment] = text.match(/@file ([\s\S]*?)\*\//) ?? [];
  if (!comment) throw new Error(`${file} has no @file comment`);
  return comment.replace(/\s*\n \* ?/g, " ").trim();
}

const files = readdirSync(source, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !/\.test\.ts$/.test(file))
  .sort();
const sections = Object.entries(folders).map(([folder, holds]) => {
  const rows = files
    .filter((file) => file.startsWith(`${folder}/`))
    .map((file) => `| \`${file}\` | ${duty(file).replaceAll("|", "\\|")} |`);
  return `## \`${folder}/\`: ${holds}\n\n| file | duty |\n|---|---|\n${rows.join("\n")}\n`;
});
const unlisted = files.filter((file) => !Object.keys(folders).some((folder) => file.startsWith(`${folder}/`)));
if (unlisted.length > 0) throw new Error(`in no known folder: ${unlisted.join(", ")}`);
const page = `${opening}\n${sections.join("\n")}`;
const target = new URL("architecture.md", import.meta.url);
if (process.argv.includes("--check")) {
  if (readFileSync(target, "utf8") !== page) {
    console.error("docs/architecture.md is out of date: run npm run docs");
    process.exit(1);
  }
} else writeFileSync(target, page);
