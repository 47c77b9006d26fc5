/** @file Encoded fine-tuning examples in their fixed splits, as one file that every trial of a run reads. */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { InputError } from "../foundation/errors.js";
import { type SftExample, scoredTokens } from "./sft-example.js";

export interface SftDataset {
  readonly training: readonly SftExample[];
  /** What verdicts are measured on. */
  readonly heldOut: readonly SftExample[];
  /** For choosing the learning rate: in neither of the other two. */
  readonly calibrationTraining: readonly SftExample[];
  readonly calibrationHeldOut: readonly SftExample[];
  /** General text, all of it scored, on which it shows what fine-tuning makes the model forget; may be empty. */
  readonly general?: readonly SftExample[];
  /** Further held-out examples, part by part, each to be looked at once: what a search over the first ones found is confirmed on one of them. */
  readonly confirmation?: readonly (readonly SftExample[])[];
}

const split = z.array(
  z
    .object({ tokens: z.array(z.number().int().nonnegative()), scored: z.string().regex(/^[01]*$/) })
    .refine(({ tokens, scored }) => tokens.length === scored.length, "tokens and scored are of different lengths"),
);
const datasetFile = z.object({
  schema: z.literal("deadweight/sft-data@1"),
  training: split,
  heldOut: split,
  calibrationTraining: split,
  calibrationHeldOut: split,
  general: split.optional(),
  confirmation: z.array(split).optional(),
});

type Split = z.infer<typeof split>;

const pack = (examples: readonly SftExample[]): Split =>
  examples.map(({ tokens, scored }) => ({ tokens: [...tokens], scored: scored.join("") }));

const unpack = (examples: Split): SftExample[] =>
  examples.map(({ tokens, scored }) => ({ tokens: Int32Array.from(tokens), scored: Uint8Array.from(scored, Number) }));

/** @returns the file's text. */
export function encodeSftDataset(dataset: SftDataset): string {
  return JSON.stringify({
    schema: "deadweight/sft-data@1",
    training: pack(dataset.training),
    heldOut: pack(dataset.heldOut),
    calibrationTraining: pack(dataset.calibrationTraining),
    calibrationHeldOut: pack(dataset.calibrationHeldOut),
    ...(dataset.general && dataset.general.length > 0 && { general: pack(dataset.general) }),
    ...(dataset.confirmation && dataset.confirmation.length > 0 && { confirmation: dataset.confirmation.map(pack) }),
  });
}

/** @throws InputError where the file is absent, damaged, or of another kind. */
function parsed<T>(path: string, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    const reason =
      error instanceof z.ZodError
        ? `${error.issues[0].path.join(".")}: ${error.issues[0].message}`
        : (error as Error).message;
    throw new InputError(
      `${path}: is not a file of encoded fine-tuning examples (${reason}). Remove it; the next run makes it anew.`,
    );
  }
}

/** @throws InputError where the file is absent, damaged, or of another kind. */
export function readSftDataset(path: string): SftDataset {
  const file = parsed(path, datasetFile);
  return {
    training: unpack(file.training),
    heldOut: unpack(file.heldOut),
    calibrationTraining: unpack(file.calibrationTraining),
    calibrationHeldOut: unpack(file.calibrationHeldOut),
    ...(file.general && { general: unpack(file.general) }),
    ...(file.confirmation && { confirmation: file.confirmation.map(unpack) }),
  };
}

/**
 * Scored tokens of each held-out example of a file. The other splits, which may be a hundred times as large, are not looked into.
 * @throws InputError where the file is absent, damaged, or of another kind.
 */
export function readHeldOutTokens(path: string): number[] {
  return unpack(parsed(path, datasetFile.pick({ schema: true, heldOut: true })).heldOut).map(scoredTokens);
}

/** Of all splits, one after the other. */
export function everyExample({ confirmation = [], ...splits }: SftDataset): SftExample[] {
  return [...Object.values(splits), ...confirmation].flat();
}
