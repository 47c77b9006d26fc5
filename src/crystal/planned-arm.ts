/** @file The actions of a plan as arms of a trial, and back. Knows no weights. */
import type { PlannedMatrix } from "../records/plan-record.js";
import type { Arm } from "./arm.js";

type Action = Pick<PlannedMatrix, "action" | "rank">;

export function armOf({ action, rank = 1 }: Action): Arm {
  switch (action) {
    case "freeze":
      return { kind: "frozen" };
    case "crystal":
      return { kind: "crystal", rank, trainable: false };
    case "random":
      return { kind: "random", scale: "trained", trainable: false };
    case "zero":
      return { kind: "zero", trainable: false };
    default:
      return action satisfies never;
  }
}

/** As a plan says it. @returns null for an arm that is no action of a plan: one that leaves the weight trainable, for one. */
export function actionOf(arm: Arm): Action | null {
  if ("trainable" in arm && arm.trainable) return null;
  switch (arm.kind) {
    case "frozen":
      return { action: "freeze" };
    case "crystal":
      return { action: "crystal", rank: arm.rank };
    case "random":
      return arm.scale === "trained" ? { action: "random" } : null;
    case "zero":
      return { action: "zero" };
    case "full":
    case "shuffled":
      return null;
    default:
      return arm satisfies never;
  }
}
