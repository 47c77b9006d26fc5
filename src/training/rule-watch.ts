/** @file Feeds the rule of progressive freezing with the measurements of a training under way. Freezes nothing itself. */
import { type LanguageModel, parameterCount } from "../model/language-model.js";
import { blockMatrices, leadingGroups } from "./freezing-group.js";
import {
  beforeTheFirst,
  beginsInterval,
  decideFreeze,
  decideThaw,
  endsInterval,
  type ProgressiveOptions,
  type RuleDecision,
  type RuleMemory,
} from "./progressive-freezing.js";
import { relativeMovements, weightsOf } from "./weight-movement.js";

export interface WatchState {
  readonly memory: RuleMemory;
  /** Sum of the learning rates since the interval began. */
  readonly intervalRates: number;
  /** Weights at the beginning of the interval, by name. */
  readonly earlier: ReadonlyMap<string, Float32Array>;
}

export interface RuleWatch {
  state(): WatchState;
  /** @param step updates done. @param frozen names of parameters. @returns what is to be frozen, mostly nothing. */
  afterStep(
    step: number,
    learningRate: number,
    weights: ReadonlyMap<string, Float32Array>,
    frozen: ReadonlySet<string>,
  ): RuleDecision;
  /** @returns what is to be thawed, mostly nothing. */
  afterEvaluation(step: number, loss: number): RuleDecision;
}

const untouched: WatchState = { memory: beforeTheFirst, intervalRates: 0, earlier: new Map() };

/** @param options null: nothing is ever frozen. @param saved state of a training that is continued. */
export function watchRule(
  options: ProgressiveOptions | null,
  { parameters }: LanguageModel,
  saved: WatchState = untouched,
): RuleWatch {
  let state = saved;
  const nothing = (): RuleDecision => ({ memory: state.memory, groups: [], reason: "" });
  if (options === null) return { state: () => state, afterStep: nothing, afterEvaluation: nothing };
  const groups = options.what === "prefix" ? leadingGroups(parameters) : blockMatrices(parameters);
  const sizes = new Map(parameters.map((spec) => [spec.name, parameterCount([spec])]));
  const open = (frozen: ReadonlySet<string>) => groups.filter(({ names }) => names.some((name) => !frozen.has(name)));
  const decide = (
    { memory, intervalRates, earlier }: WatchState,
    ...[step, weights, frozen]: [number, ReadonlyMap<string, Float32Array>, ReadonlySet<string>]
  ): RuleDecision => {
    const moved = [...relativeMovements(open(frozen), earlier, weights)];
    const movements = new Map(moved.map(([key, movement]) => [key, movement / intervalRates]));
    const frozenParameters = [...frozen].reduce((sum, name) => sum + sizes.get(name)!, 0);
    const situation = { step, groups, frozen, frozenParameters, parameters: parameterCount(parameters) };
    return decideFreeze(options, memory, movements, situation);
  };
  return {
    state: () => state,
    afterStep(step, learningRate, weights, frozen) {
      state = { ...state, intervalRates: state.intervalRates + learningRate };
      const decision = endsInterval(options, step) ? decide(state, step, weights, frozen) : nothing();
      if (beginsInterval(options, step)) {
        const earlier = weightsOf(
          open(new Set([...frozen, ...decision.groups.flatMap(({ names }) => names)])),
          weights,
        );
        state = { memory: decision.memory, intervalRates: 0, earlier };
      }
      return decision;
    },
    afterEvaluation(step, loss) {
      const decision = decideThaw(options, state.memory, loss, { step, groups });
      state = { ...state, memory: decision.memory };
      return decision;
    },
  };
}
