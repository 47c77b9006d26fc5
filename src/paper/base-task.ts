/** @file The task that trains the base model on the corpus and saves it as a Hugging Face folder. Runs off the main thread. */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { writeCheckpointFolder } from "../checkpoint/checkpoint-folder.js";
import { parseGpt2Config } from "../checkpoint/gpt2-config.js";
import { pretrainingBatches } from "../data/pretraining-batches.js";
import { loadTokenizer } from "../data/tokenizer.js";
import { tokenizerConfigJson } from "../data/word-level-tokenizer.js";
import type { Task } from "../dispatch/task.js";
import { sha256OfBytes } from "../foundation/sha256.js";
import { gpt2 } from "../model/gpt2.js";
import { gpt2Checkpoint } from "../model/gpt2-checkpoint.js";
import { gpt2InitialWeights } from "../model/gpt2-initializer.js";
import { parseJson, parseRecord } from "../records/record-file.js";
import { computeSetting, openBackend } from "../training/open-backend.js";
import { pretrain } from "../training/pretrain.js";
import { Trainer } from "../training/trainer.js";
import { removeTrainingState } from "../training/training-state.js";
import { type BaseTraining, baseTraining } from "./base-training.js";
import { gutenbergTokens } from "./gutenberg-corpus.js";
import { paperPreset } from "./preset.js";

export const baseTaskArguments = z.object({
  preset: z.string(),
  tokenizer: z.string(),
  /** Folder that the finished base appears in. */
  folder: z.string(),
  statePath: z.string(),
  ...computeSetting,
});

const saveEveryMs = 30_000;

export const task: Task = async (args, { onProgress, signal, now }) => {
  const {
    preset: name,
    tokenizer: tokenizerPath,
    folder,
    statePath,
    ...setting
  } = parseRecord(baseTaskArguments, args, "base task");
  const preset = paperPreset(name);
  const { seed, base } = preset;
  const tokenizerText = readFileSync(tokenizerPath, "utf8");
  const tokenizer = loadTokenizer(parseJson(tokenizerText, tokenizerPath));
  const corpus = gutenbergTokens(tokenizer);
  const config = parseGpt2Config({
    model_type: "gpt2",
    n_layer: preset.model.layers,
    n_head: preset.model.heads,
    n_embd: preset.model.width,
    n_positions: preset.model.contextLength,
    vocab_size: tokenizer.vocabularySize,
    bos_token_id: tokenizer.endOfTextId,
    eos_token_id: tokenizer.endOfTextId,
  });
  const { backend, close } = await openBackend(setting);
  const trainer = new Trainer(backend, { model: gpt2(config), weights: gpt2InitialWeights(config, seed) });
  const rows = { rows: base.rows, length: preset.model.contextLength };
  const batches = pretrainingBatches(corpus.training, rows, seed);
  const heldOut = pretrainingBatches(corpus.heldOut, rows, seed);
  const progress = await pretrain(trainer, {
    shape: { ...rows, slots: null, packed: false },
    batchAt: batches.batchAt,
    heldOut: heldOut.inOrder(Math.ceil(base.heldOutRows / base.rows)),
    steps: base.steps,
    learningRate: base.learningRate,
    warmup: base.warmup,
    evaluateEvery: base.evaluateEvery,
    statePath,
    identity: sha256OfBytes(JSON.stringify({ config, base, seed, tokenizer: sha256OfBytes(tokenizerText) })),
    saveEveryMs,
    now,
    onProgress: ({ step, loss, heldOutLoss }) => onProgress({ step, steps: base.steps, loss, heldOutLoss }),
    signal,
  });
  const training: BaseTraining = baseTraining.parse({
    steps: base.steps,
    tokensPerStep: rows.rows * rows.length,
    trainTokens: corpus.training.length,
    heldOutTokens: corpus.heldOut.length,
    trainCurve: progress.trainCurve,
    heldOutCurve: progress.heldOutCurve,
    seconds: progress.seconds,
  });
  writeCheckpointFolder(
    folder,
    {
      ...gpt2Checkpoint(config, trainer.store.weights),
      extraFiles: {
        "tokenizer.json": tokenizerText,
        "tokenizer_config.json": `${JSON.stringify(tokenizerConfigJson(preset.model.contextLength), null, 1)}\n`,
        "training.json": `${JSON.stringify(training, null, 1)}\n`,
      },
    },
    { replace: true },
  );
  await trainer.dispose();
  await close();
  removeTrainingState(statePath);
  return training;
};
