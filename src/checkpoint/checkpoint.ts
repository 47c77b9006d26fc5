/** @file An open checkpoint: its config and its named tensors. Knows nothing of architectures or of what a weight does. */

import { isReadableDtype } from "../foundation/dtype.js";
import { InputError } from "../foundation/errors.js";
import { sha256OfFiles } from "../foundation/sha256.js";
import { openSafetensors, type SafetensorsFile, unknownTensorMessage } from "./safetensors-file.js";
import { type SequentialHash, sequentialHash } from "./sequential-hash.js";
import type { StoredElements } from "./stored-elements.js";
import { storedScale } from "./stored-scale.js";
import type { StoredTensor } from "./stored-tensor.js";
import { findWeightFiles, type WeightFiles } from "./weight-files.js";

export interface Checkpoint {
  /** As it was asked for. */
  readonly source: string;
  /** The parsed config.json; null for a single file or a folder without one. */
  readonly config: Readonly<Record<string, unknown>> | null;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** @returns the tensor's elements, row-major; see SafetensorsFile. @throws InputError */
  readFloat32(name: string): Float32Array;
  /** Names of the tensors as they lie in the files, the files in the order of their names. */
  readonly dataOrder: readonly string[];
  /** @returns stored bytes of a tensor, half-open, offsets within it, in a buffer of their own. @throws InputError */
  readBytes(name: string, byteBegin: number, byteEnd: number): Uint8Array;
  /** How the tensor's bytes are read as numbers, or a clause that says why not. @throws InputError */
  elementsOf(name: string): StoredElements | { readonly unreadable: string };
  /** @returns SHA-256 over the weight files in the order of their names; computed once. @throws InputError */
  sha256(): string;
  /** Gives the file descriptors back; nothing can be read afterwards. */
  close(): void;
}

export interface OpenOptions {
  /** Feeds the hash with what `readBytes` reads, so that `sha256` reads the rest only: for who reads in the order of the data. */
  readonly hashWhileReading?: boolean;
}

/**
 * Opens a folder in Hugging Face layout (model.safetensors, or shards with their index) or one .safetensors file; reads headers only.
 * @throws InputError
 */
export function openCheckpoint(source: string, { hashWhileReading = false }: OpenOptions = {}): Checkpoint {
  const found = findWeightFiles(source);
  const files = new Map<string, SafetensorsFile>();
  const close = () => {
    for (const file of files.values()) file.close();
    files.clear();
  };
  try {
    for (const path of found.paths) files.set(path, openSafetensors(path));
    const fileOf = locateTensors(found, files);
    const tensors = new Map([...fileOf].map(([name, file]) => [name, file.header.tensors.get(name)!]));
    const ordered = [...files.values()];
    const running: SequentialHash | null = hashWhileReading
      ? sequentialHash(ordered.map(({ bytes, readBytes }) => ({ bytes, read: readBytes })))
      : null;
    let hash: string | null = null;
    const located = (name: string) => {
      if (files.size === 0) throw new InputError(`${source}: tensor '${name}' was asked for after closing.`);
      const file = fileOf.get(name);
      if (file === undefined) throw new InputError(unknownTensorMessage(source, name, fileOf.keys()));
      return file;
    };
    const checkpoint: Checkpoint = {
      source,
      config: found.config,
      tensors,
      dataOrder: ordered.flatMap((file) => [...file.header.tensors.keys()].filter((name) => fileOf.get(name) === file)),
      readFloat32: (name) => located(name).readFloat32(name),
      readBytes(name, byteBegin, byteEnd) {
        const file = located(name);
        const entry = file.header.tensors.get(name)!;
        const begin = file.header.dataByteBegin + entry.byteBegin;
        if (!(byteBegin >= 0 && byteBegin <= byteEnd && begin + byteEnd <= file.header.dataByteBegin + entry.byteEnd)) {
          throw new InputError(`${source}: bytes ${byteBegin} to ${byteEnd} lie outside tensor '${name}'.`);
        }
        const bytes = file.readBytes(begin + byteBegin, begin + byteEnd);
        running?.saw(ordered.indexOf(file), begin + byteBegin, bytes);
        return bytes;
      },
      elementsOf(name) {
        located(name);
        const tensor = tensors.get(name)!;
        if (!isReadableDtype(tensor.dtype)) return { unreadable: `stored as ${tensor.dtype}, which is not read` };
        const scale = storedScale(checkpoint, tensor);
        if (scale !== null && "problem" in scale) return { unreadable: scale.problem };
        if (tensor.dtype === "I8" && scale === null) {
          return { unreadable: "stored as I8 without a scale that the checkpoint names" };
        }
        return { dtype: tensor.dtype, scale };
      },
      sha256() {
        hash ??= running ? running.finish() : sha256OfFiles(found.paths);
        return hash;
      },
      close,
    };
    return checkpoint;
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
