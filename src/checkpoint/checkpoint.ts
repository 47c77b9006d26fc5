/** @file An open checkpoint: its config and its named tensors. Knows nothing of architectures or of what a weight does. */
import { InputError } from "../foundation/errors.js";
import { sha256OfFiles } from "../foundation/sha256.js";
import { openSafetensors, type SafetensorsFile, unknownTensorMessage } from "./safetensors-file.js";
import { findWeightFiles, type WeightFiles } from "./weight-files.js";

export interface StoredTensor {
  readonly name: string;
  /** As the safetensors format names it: F32, F16, BF16, ... */
  readonly dtype: string;
  readonly shape: readonly number[];
}

export interface Checkpoint {
  /** As it was asked for. */
  readonly source: string;
  /** The parsed config.json; null for a single file or a folder without one. */
  readonly config: Readonly<Record<string, unknown>> | null;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** @returns the tensor's elements, row-major; see SafetensorsFile. @throws InputError */
  readFloat32(name: string): Float32Array;
  /** @returns SHA-256 over the weight files in the order of their names; computed once. @throws InputError */
  sha256(): string;
  /** Gives the file descriptors back; nothing can be read afterwards. */
  close(): void;
}

/**
 * Opens a folder in Hugging Face layout (model.safetensors, or shards with their index) or one .safetensors file; reads headers only.
 * @throws InputError
 */
export function openCheckpoint(source: string): Checkpoint {
  const found = findWeightFiles(source);
  const files = new Map<string, SafetensorsFile>();
  const close = () => {
    for (const file of files.values()) file.close();
    files.clear();
  };
  try {
    for (const path of found.paths) files.set(path, openSafetensors(path));
    const fileOf = locateTensors(found, files);
    let hash: string | null = null;
    return {
      source,
      config: found.config,
      tensors: new Map([...fileOf].map(([name, file]) => [name, file.header.tensors.get(name)!])),
      readFloat32(name) {
        if (files.size === 0) throw new InputError(`${source}: tensor '${name}' was asked for after closing.`);
        const file = fileOf.get(name);
        if (file === undefined) throw new InputError(unknownTensorMessage(source, name, fileOf.keys()));
        return file.readFloat32(name);
      },
      sha256() {
        hash ??= sha256OfFiles(found.paths);
        return hash;
      },
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

function locateTensors(
  { paths, shardOf }: WeightFiles,
  files: ReadonlyMap<string, SafetensorsFile>,
): Map<string, SafetensorsFile> {
  if (shardOf === null) {
    const file = files.get(paths[0])!;
    return new Map([...file.header.tensors.keys()].map((name) => [name, file]));
  }
  return new Map(
    [...shardOf].map(([name, path]) => {
      const file = files.get(path)!;
      if (!file.header.tensors.has(name)) {
        throw new InputError(
          `${path}: holds no tensor '${name}', which the index maps to it. Download the shards again.`,
        );
      }
      return [name, file];
    }),
  );
}
