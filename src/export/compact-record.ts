/** @file The record in the header of a compact checkpoint: what its matrices are made from. Knows no file. */
import { z } from "zod";
import { duplicateKey } from "../checkpoint/duplicate-key.js";
import { jsonExtent } from "../checkpoint/json-extent.js";
import { InputError } from "../foundation/errors.js";
import { randomWeightsGenerator } from "../foundation/random-weights.js";
import { parseJson, parseRecord } from "../records/record-file.js";

/** Key in the metadata of the safetensors file. */
export const compactKey = "deadweight";
export const compactFile = "compact.safetensors";

const size = z.number().int().positive();
const matrix = {
  /** Name of the tensor in the ordinary checkpoint. */
  name: z.string(),
  /** As stored there. */
  shape: z.tuple([size, size]),
  dtype: z.enum(["F32", "F16", "BF16"]),
};

const compactMatrix = z.discriminatedUnion("form", [
  /** left [rows, rank] times right [rank, columns], summed in float32, rounded to `dtype`. */
  z.object({ ...matrix, form: z.literal("factors"), rank: size, left: z.string(), right: z.string() }),
  /** I.i.d. normal of mean 0: stream `random weights of ${parameter}` of the seed, row-major; rounded to float32, then to `dtype`. */
  z.object({
    ...{ ...matrix, form: z.literal("random"), generator: z.literal(randomWeightsGenerator) },
    ...{ seed: z.number().int(), parameter: z.string(), deviation: z.number().nonnegative() },
  }),
  z.object({ ...matrix, form: z.literal("zero") }),
]);

export const compactRecord = z.object({
  schema: z.literal("deadweight/compact@1"),
  version: z.string(),
  /** SHA-256 over the weight files that it was made from. */
  sourceSha256: z.string().regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits are wanted"),
  /** What is not stored under its own name. All other tensors are, as they were. */
  matrices: z.array(compactMatrix),
  /** Tensors that repeat another because the config ties them, where the source stored both. */
  copies: z.array(z.object({ name: z.string(), of: z.string() })),
  /** Of the ordinary checkpoint, and how many numbers are stored here. */
  parameters: z.number().int().nonnegative(),
  effectiveParameters: z.number().int().nonnegative(),
});

export type CompactMatrix = z.infer<typeof compactMatrix>;
export type CompactRecord = z.infer<typeof compactRecord>;

// The record nests four levels; a matrix takes a dozen values. The limits of the header around it.
const depthLimit = 8;
const valuesLimit = 2_000_000;

/** @param text the metadata's entry. @param where opens the message. @throws InputError */
export function parseCompactRecord(text: string | undefined, where: string): CompactRecord {
  if (text === undefined)
    throw new InputError(
      `${where}: has no entry '${compactKey}' in its metadata, so it is no compact checkpoint. Give the folder that the export wrote.`,
    );
  const entry = `${where}: metadata '${compactKey}'`;
  const { depth, values } = jsonExtent(Buffer.from(text));
  if (depth > depthLimit || values > valuesLimit)
    throw new InputError(`${entry}: holds ${values} values on ${depth} levels; that is no record of an export.`);
  const value = parseJson(text, entry);
  const repeated = duplicateKey(text);
  if (repeated !== null) throw new InputError(`${entry}: holds a key twice. Export the checkpoint again.`);
  return parseRecord(compactRecord, value, entry);
}
