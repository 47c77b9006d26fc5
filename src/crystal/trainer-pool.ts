/** @file Models in training for trials of one setting: made for a treatment, and kept for the next of their kind. Runs no step. */
import { InputError } from "../foundation/errors.js";
import { hiddenWidth, withPlantedMatrix } from "../model/planted-matrix.js";
import type { BaseModel } from "../training/base-model.js";
import type { BackendChoice } from "../training/open-backend.js";
import { type PinnedEntries, Trainer } from "../training/trainer.js";
import { plantedMatrix, plantedValues } from "./control-matrices.js";
import type { TreatedMatrix, Treatment } from "./treatment.js";
import type { TrialSetting } from "./trial-spec.js";

export class TrainerPool {
  private readonly trainers = new Map<string, Trainer>();

  constructor(
    private readonly setting: TrialSetting,
    private readonly base: BaseModel,
    private readonly backend: BackendChoice["backend"],
  ) {}

  /** @throws InputError for a name that the model does not have. */
  matrix(name: string): TreatedMatrix {
    const parameter = `${name}.weight`;
    if (name === plantedMatrix) {
      const width = hiddenWidth(this.base.build().parameters);
      return { parameter, trained: plantedValues(width), shape: [width, width] };
    }
    const trained = this.base.weights.get(parameter);
    const shape = this.base.build().parameters.find((spec) => spec.name === parameter)?.shape;
    if (!trained || shape?.length !== 2)
      throw new InputError(`${this.base.source}: there is no matrix '${name}' in the model.`);
    return { parameter, trained, shape: [shape[0], shape[1]] };
  }

  /** One that starts from the treated weights; the caller has it until it asks for another. */
  async trainerFor(
    { ranks, replaced, frozen }: Treatment,
    { pinned = new Map(), planted = false }: { readonly pinned?: PinnedEntries; readonly planted?: boolean } = {},
  ): Promise<Trainer> {
    const gate = this.setting.plantedGate;
    const isPlanted = planted || gate !== 0;
    const plantedWeights = isPlanted ? [[`${plantedMatrix}.weight`, this.matrix(plantedMatrix).trained] as const] : [];
    const weights = new Map([...this.base.weights, ...plantedWeights, ...replaced]);
    const key = JSON.stringify([[...ranks], [...frozen], isPlanted]);
    const known = this.trainers.get(key);
    if (known) {
      this.trainers.delete(key);
      this.trainers.set(key, known);
      known.restart(weights, pinned);
      return known;
    }
    for (const [oldest, trainer] of [...this.trainers].slice(0, this.trainers.size - this.setting.keptTrainers + 1)) {
      this.trainers.delete(oldest);
      await trainer.dispose();
    }
    const trainer = new Trainer(this.backend, {
      model: isPlanted
        ? withPlantedMatrix(this.base.build(ranks), { name: `${plantedMatrix}.weight`, gate, ranks })
        : this.base.build(ranks),
      ...{ weights, pinned },
      isTrainable: (name) => !frozen.has(name),
    });
    this.trainers.set(key, trainer);
    return trainer;
  }

  async dispose(): Promise<void> {
    for (const trainer of this.trainers.values()) await trainer.dispose();
    this.trainers.clear();
  }
}
