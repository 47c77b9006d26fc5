/** @file An open checkpoint: its config and its named tensors. Knows nothing of architectures or of what a weight does. */

import { InputError } from "../foundation/errors.js";
import { sha256OfFiles } from "../foundation/sha256.js";
import { openSafetensors, type PieceListener, type SafetensorsFile, unknownTensorMessage } from "./safetensors-file.js";
import { type SequentialHash, sequentialHash } from "./sequential-hash.js";
import type { StoredElements } from "./stored-elements.js";
import type { ScaleSource } from "./stored-scale.js";
import type { StoredTensor } from "./stored-tensor.js";
import { tensorElements } from "./tensor-elements.js";
import { findWeightFiles, type WeightFiles } from "./weight-files.js";

export interface Checkpoint {
  /** As it was asked for. */
  readonly source: string;
  /** The parsed config.json; null for a single file or a folder without one. */
  readonly config: Readonly<Record<string, unknown>> | null;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** @returns the tensor's elements, row-major; see SafetensorsFile. @throws InputError */
  readFloat32(name: string): Float32Array;
  /** Names of the tensors as they lie in the files, the files in the order of their paths. */
  readonly dataOrder: readonly string[];
  /** @returns stored bytes of a tensor, half-open, offsets within it, in a buffer of their own: `into`, where it has that size. @throws InputError */
  readBytes(name: string, byteBegin: number, byteEnd: number, into?: ArrayBuffer): Uint8Array;
  /** How the tensor's bytes are read as numbers, scales included, or a clause that says why not: "X is ...". @throws InputError */
  elementsOf(name: string): StoredElements | { readonly unreadable: string };
  /** @returns SHA-256 over the weight files in the order of their paths; computed once. @throws InputError */
  sha256(): string;
  /** Gives the file descriptors back; nothing can be read afterwards. */
  close(): void;
}

export interface OpenOptions {
  /**
   * Feeds the hash with what `readBytes` and `readFloat32` read, and reads what was left out before it, so that `sha256` reads
   * the rest only: for who reads most of the files, in the order of the data. Scales are small, and read apart.
   */
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
      ? sequentialHash(ordered.map(({ bytes, head, readBytes }) => ({ bytes, head, read: readBytes })))
      : null;
    let hash: string | null = null;
    let lastElements: { readonly name: string; readonly elements: StoredElements } | null = null;
    const located = (name: string) => {
      if (files.size === 0) throw new InputError(`${source}: tensor '${name}' was asked for after closing.`);
      const file = fileOf.get(name);
      if (file === undefined) throw new InputError(unknownTensorMessage(source, name, fileOf.keys()));
      return file;
    };
    const saw = (file: SafetensorsFile) => (begin: number, bytes: Uint8Array) =>
      running?.saw(ordered.indexOf(file), begin, bytes);
    const bytesOf = (
      name: string,
      byteBegin: number,
      byteEnd: number,
      onPiece: PieceListener = () => {},
      into?: ArrayBuffer,
    ) => {
      const file = located(name);
      const entry = file.header.tensors.get(name)!;
      const inside = byteBegin >= 0 && byteBegin <= byteEnd && byteEnd <= entry.byteEnd - entry.byteBegin;
      if (!(inside && Number.isSafeInteger(byteBegin) && Number.isSafeInteger(byteEnd))) {
        throw new InputError(
          `${source}: bytes ${byteBegin} to ${byteEnd} of tensor '${name}' were asked for, but it holds ${entry.byteEnd - entry.byteBegin}.`,
        );
      }
      const begin = file.header.dataByteBegin + entry.byteBegin;
      const bytes = file.readBytes(begin + byteBegin, begin + byteEnd, into);
      onPiece(begin + byteBegin, bytes);
      return bytes;
    };
    // Scales are read out of order: they must not drive the hash ahead of the weights.
    const apart: ScaleSource = {
      config: found.config,
      tensors,
      readFloat32: (name) => located(name).readFloat32(name),
      readBytes: (name, begin, end) => bytesOf(name, begin, end),
    };
    const checkpoint: Checkpoint = {
      source,
      config: found.config,
      tensors,
      dataOrder: ordered.flatMap((file) => [...file.header.tensors.keys()].filter((name) => fileOf.get(name) === file)),
      readFloat32(name) {
        const file = located(name);
        return file.readFloat32(name, saw(file));
      },
      readBytes: (name, begin, end, into) => bytesOf(name, begin, end, saw(located(name)), into),
      elementsOf(name) {
        located(name);
        // A stack of experts asks once for each of them.
        if (lastElements?.name === name) return lastElements.elements;
        const elements = tensorElements(apart, tensors.get(name)!);
        if (!("unreadable" in elements)) lastElements = { name, elements };
        return elements;
      },
      sha256() {
        hash ??= running !== null && files.size > 0 ? running.finish() : sha256OfFiles(found.paths);
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
