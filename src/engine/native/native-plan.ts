/** @file All that is decided about a graph before it runs natively: what is computed twice, kernels, fusions, places, memory. */
import { checkpointed, checkpointSegments } from "../../graph/checkpointing.js";
import { selectOutputs } from "../../graph/dead-code.js";
import type { Graph } from "../../graph/graph.js";
import { type ArenaPlan, planArena } from "./arena-plan.js";
import { fuse } from "./fusion.js";
import { type LoweringOptions, lower } from "./lowering.js";
import { type Placement, place } from "./placement.js";
import { printSchedule, type Schedule } from "./schedule.js";

export interface NativePlanOptions extends LoweringOptions {
  /** What the intermediate values should take at most; beyond it, parts of the forward pass are computed again in the backward pass. */
  readonly arenaLimitBytes?: number | undefined;
}

export interface NativePlan extends Placement {
  readonly arena: ArenaPlan;
  /** How many segments of the forward pass are computed again in the backward pass. */
  readonly recomputedSegments: number;
  /** The fused schedule, for people. */
  readonly print: () => string;
}

/**
 * Where the arena would exceed its limit, the fewest segments are computed again that keep it within, or as many as make it smallest.
 * @param outputs names of those that are wanted.
 */
export function planNative(
  graph: Graph,
  outputs: readonly string[],
  { arenaLimitBytes = Number.POSITIVE_INFINITY, ...options }: NativePlanOptions,
): NativePlan {
  const selected = selectOutputs(graph, outputs);
  const whole = planOf(selected, 0, options);
  if (whole.arena.bytes <= arenaLimitBytes) return whole;
  const most = checkpointSegments(selected);
  const plans = new Map([[0, whole]]);
  const recomputing = (segments: number): NativePlan => {
    const plan = plans.get(segments) ?? planOf(checkpointed(selected, segments), segments, options);
    plans.set(segments, plan);
    return plan;
  };
  // Planning is slow. The more is computed again, the smaller is the arena, or nearly.
  let [low, high] = [0, most];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (recomputing(middle).arena.bytes <= arenaLimitBytes) high = middle;
    else low = middle + 1;
  }
  const found = recomputing(low);
  if (found.arena.bytes <= arenaLimitBytes) return found;
  const all = Array.from({ length: most + 1 }, (_, segments) => recomputing(segments));
  return all.reduce((smallest, plan) => (plan.arena.bytes < smallest.arena.bytes ? plan : smallest));
}

function planOf(graph: Graph, recomputedSegments: number, options: LoweringOptions): NativePlan {
  const schedule = fuse(lower(graph, options));
  const placement = place(schedule);
  const plan = { ...placement, arena: planArena(placement.storages), recomputedSegments };
  return { ...plan, print: () => describePlan(schedule, plan) };
}

function describePlan(schedule: Schedule, { calls, arena, recomputedSegments }: Omit<NativePlan, "print">): string {
  const again = recomputedSegments > 0 ? `, ${recomputedSegments} segments of the forward pass computed again` : "";
  const size = `${(arena.bytes / 1e6).toFixed(1)} MB of intermediate values at the peak`;
  return `${printSchedule(schedule)}\n${calls.length} kernel calls, ${size}${again}`;
}
