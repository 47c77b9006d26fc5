/** @file Encodes the rows of a data set and splits them: training, held-out, and two of each kind for choosing the learning rate. */
import { InputError } from "../foundation/errors.js";
import { randomStream } from "../foundation/random.js";
import type { DataRow } from "./data-row.js";
import type { EncodedRow } from "./encode-example.js";
import type { SftDataset } from "./sft-dataset.js";
import type { SftExample } from "./sft-example.js";

export interface SplitOptions {
  readonly encode: (row: DataRow) => EncodedRow;
  /** Held-out examples wanted. */
  readonly heldOut: number;
  /** Whether examples are set apart for choosing the learning rate. */
  readonly calibrate: boolean;
  /** Further held-out parts wanted, as large as the first; none by default. */
  readonly confirmationParts?: number;
  /** Training examples at most. */
  readonly most: number;
  /** Decides which row goes where. */
  readonly seed: number;
  readonly onProgress?: (encoded: number) => void;
}

export interface Split {
  readonly dataset: SftDataset;
  readonly read: number;
  /** Of the encoded rows, those that were cut. */
  readonly truncated: number;
  /** Left out: the cut left nothing to learn. */
  readonly withoutScored: number;
  /** Left out of training: a held-out example is the same. */
  readonly repeated: number;
  /** Left out: more than were wanted. */
  readonly beyond: number;
}

/** Of the rows, at most; assumption, not studied. */
const heldOutShare = 0.2;
/** Where there are several held-out parts, of all of them. */
const heldOutPartsShare = 0.4;
const calibrationShare = 0.1;
/** Enough for a rate's 50 steps: it is chosen by differences far above the noise of these. */
const calibrationHeldOut = 128;
const calibrationTraining = 2000;

interface Draw {
  /** The next examples of the shuffled rows that can be learnt from and are not in `barred`, fewer where the rows run out. */
  take(count: number, barred?: ReadonlySet<string>): SftExample[];
  readonly counts: { truncated: number; withoutScored: number; repeated: number };
  readonly left: () => number;
}

const identity = ({ tokens }: SftExample): string => tokens.join(" ");

function draw(rows: readonly DataRow[], { encode, seed, onProgress }: SplitOptions, what: string): Draw {
  const order = randomStream(seed, `split of the ${what}`).permutation(rows.length);
  const counts = { truncated: 0, withoutScored: 0, repeated: 0 };
  let next = 0;
  return {
    counts,
    left: () => rows.length - next,
    take(count, barred) {
      const taken: SftExample[] = [];
      while (taken.length < count && next < order.length) {
        const { example, truncated, scoredTokens } = encode(rows[order[next++]]);
        onProgress?.(next);
        if (truncated) counts.truncated++;
        if (scoredTokens === 0) counts.withoutScored++;
        else if (barred?.has(identity(example))) counts.repeated++;
        else taken.push(example);
      }
      return taken;
    },
  };
}

/**
 * Rows are shuffled by the seed alone, so the same data give the same split. @param evalRows of a file of its own; null where held-out
 * examples are set apart from the rows. @throws InputError where a split would be empty.
 */
export function splitExamples(
  rows: readonly DataRow[],
  evalRows: readonly DataRow[] | null,
  options: SplitOptions,
): Split {
  const { heldOut: wanted, calibrate, most, confirmationParts = 0 } = options;
  const own = draw(rows, options, "data");
  const other = evalRows === null ? null : draw(evalRows, options, "evaluation data");
  const size = Math.min(wanted, heldOutSize(rows, evalRows, confirmationParts));
  const heldOut = (other ?? own).take(size);
  const barred = new Set(heldOut.map(identity));
  const confirmation = Array.from({ length: confirmationParts }, () => {
    const part = (other ?? own).take(size, barred);
    for (const example of part) barred.add(identity(example));
    return part;
  });
  const calibrationOf = (count: number) =>
    calibrate ? own.take(Math.min(count, Math.floor(rows.length * calibrationShare)), barred) : [];
  const forChoice = calibrationOf(calibrationHeldOut);
  for (const example of forChoice) barred.add(identity(example));
  const calibration = calibrationOf(calibrationTraining);
  const training = own.take(most, barred);
  const counts = [own.counts, ...(other ? [other.counts] : [])];
  const sum = (key: keyof Draw["counts"]) => counts.reduce((total, each) => total + each[key], 0);
  const result: Split = {
    dataset: {
      ...{ training, heldOut, calibrationTraining: calibration, calibrationHeldOut: forChoice },
      ...(confirmationParts > 0 && { confirmation }),
    },
    read: rows.length + (evalRows?.length ?? 0),
    truncated: sum("truncated"),
    withoutScored: sum("withoutScored"),
    repeated: sum("repeated"),
    beyond: own.left() + (other?.left() ?? 0),
  };
  demandExamples(result, { other: other !== null, calibrate });
  return result;
}

/** Of one held-out part, at most. */
function heldOutSize(rows: readonly DataRow[], evalRows: readonly DataRow[] | null, further: number): number {
  if (evalRows !== null) return Math.ceil(evalRows.length / (1 + further));
  return Math.floor((rows.length * (further === 0 ? heldOutShare : heldOutPartsShare)) / (1 + further));
}

function demandExamples(
  { dataset, withoutScored, repeated, read }: Split,
  { other, calibrate }: { readonly other: boolean; readonly calibrate: boolean },
): void {
  const {
    training,
    heldOut,
    calibrationTraining: chosenOn,
    calibrationHeldOut: measuredOn,
    confirmation = [],
  } = dataset;
  const rows = read === 1 ? "1 row was read" : `${read} rows were read`;
  const told = [
    rows,
    ...(withoutScored > 0 ? [`${withoutScored} without a scored token within --max-length`] : []),
    ...(repeated > 0 ? [`${repeated} the same as held-out ones`] : []),
  ].join("; ");
  const longer = withoutScored > 0 ? "Set --max-length higher, give shorter examples, or " : "Give ";
  if (heldOut.length === 0)
    throw new InputError(
      `No held-out example is left (${told}). ${longer}${other ? "other" : "more data, or"} --eval-data.`,
    );
  if (confirmation.some((part) => part.length === 0))
    throw new InputError(
      `Too few rows for ${confirmation.length + 1} held-out parts, each to be looked at once (${told}). Give more ${other ? "--eval-data" : "data"}.`,
    );
  if (training.length === 0) throw new InputError(`No training example is left (${told}). ${longer}more data.`);
  if (calibrate && (chosenOn.length === 0 || measuredOn.length === 0))
    throw new InputError(`Too few rows to choose a learning rate on some of them (${told}). Give --lr, or more data.`);
}
