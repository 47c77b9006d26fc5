/** @file The record that a set of matrices is put to the test on a held-out part, written before its first trial: the part is no other set's from then on. */
import { z } from "zod";
import { treatedMatrix } from "./boundary-record.js";

export const attemptRecord = z.object({
  schema: z.literal("deadweight/attempt@1"),
  version: z.string(),
  /** As asked for: "freeze", "crystal", "crystal:4". Each action has attempts of its own. */
  action: z.string(),
  /** Part of the held-out examples, from 0 as in the record of a trial. Its seeds go with it. */
  part: z.number().int().nonnegative(),
  /** The set. */
  matrices: z.array(treatedMatrix),
});

export type AttemptRecord = z.infer<typeof attemptRecord>;
