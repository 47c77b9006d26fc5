/** @file The arms of the crystallization test: what is done to a matrix, as a word of the command line. Knows no weights. */
import { UsageError } from "../foundation/errors.js";

export type Arm =
  | { readonly kind: "full" }
  | { readonly kind: "frozen" }
  | { readonly kind: "crystal"; readonly rank: number; readonly trainable: boolean }
  | { readonly kind: "random"; readonly scale: "trained" | "init"; readonly trainable: boolean }
  | { readonly kind: "zero"; readonly trainable: boolean }
  | { readonly kind: "shuffled" };

const accepted =
  "full, frozen, crystal[:k], random, random:init, zero, shuffled, crystal[:k]:trainable, random:trainable, zero:trainable";

/** @throws UsageError naming what is accepted. */
export function parseArm(text: string): Arm {
  const refuse = (): never => {
    throw new UsageError(`Unknown arm '${text}'. Accepted: ${accepted}.`);
  };
  const parts = text.split(":");
  const trainable = parts.at(-1) === "trainable";
  if (trainable) parts.pop();
  const [kind, option, ...rest] = parts;
  if (rest.length > 0) return refuse();
  switch (kind) {
    case "full":
    case "frozen":
    case "shuffled":
      return option === undefined && !trainable ? { kind } : refuse();
    case "zero":
      return option === undefined ? { kind, trainable } : refuse();
    case "random":
      if (option === undefined) return { kind, scale: "trained", trainable };
      return option === "init" && !trainable ? { kind, scale: "init", trainable } : refuse();
    case "crystal": {
      const rank = Number(option ?? 1);
      return Number.isInteger(rank) && rank >= 1 ? { kind, rank, trainable } : refuse();
    }
    default:
      return refuse();
  }
}

/** The one spelling of an arm in records: rank 1 is the default and not written. */
export function armName(arm: Arm): string {
  switch (arm.kind) {
    case "full":
    case "frozen":
    case "shuffled":
      return arm.kind;
    case "zero":
      return arm.trainable ? "zero:trainable" : "zero";
    case "random":
      return `random${arm.scale === "init" ? ":init" : ""}${arm.trainable ? ":trainable" : ""}`;
    case "crystal":
      return `crystal${arm.rank === 1 ? "" : `:${arm.rank}`}${arm.trainable ? ":trainable" : ""}`;
    default:
      return arm satisfies never;
  }
}
