/** @file Whether the run lengths in a Parquet data page stay within it. Decodes levels, but no value. */
import type { ColumnMetaData, Compressors, PageHeader, SchemaTree } from "hyparquet";
import { decompressPage } from "hyparquet/src/datapage.js";
import { readRleBitPackedHybrid } from "hyparquet/src/encoding.js";
import { getMaxDefinitionLevel, getMaxRepetitionLevel } from "hyparquet/src/schema.js";
import { readVarInt } from "hyparquet/src/thrift.js";

interface Reader {
  readonly view: DataView;
  offset: number;
}

// Writers pad a run of packed values to a multiple of 8; more than that costs memory only.
const mostSurplus = 1 << 20;

/**
 * The library writes a run as long as it says, beyond the page's count of values and up to the end of the process.
 * Parquet format, "Data Pages" and "Run Length Encoding / Bit-Packing Hybrid".
 * @param stored the page's bytes as stored. @param schemaPath from the root to the column.
 * @returns false for a run that is longer than the values that remain.
 */
export function runsFit(
  stored: Uint8Array,
  header: PageHeader,
  column: ColumnMetaData,
  schemaPath: SchemaTree[],
  compressors: Compressors,
): boolean {
  const first = header.type === "DATA_PAGE" ? header.data_page_header : undefined;
  const second = header.type === "DATA_PAGE_V2" ? header.data_page_header_v2 : undefined;
  const data = first ?? second;
  if (data === undefined) return true;
  const count = data.num_values;
  const repetition = levelWidth(getMaxRepetitionLevel(schemaPath));
  const maxDefinition = getMaxDefinitionLevel(schemaPath);
  const definition = levelWidth(maxDefinition);
  let values: Reader;
  let nulls = 0;
  if (second !== undefined) {
    const levels = reader(stored);
    if (repetition > 0 && !streamFits(levels, repetition, count)) return false;
    levels.offset = second.repetition_levels_byte_length;
    if (definition > 0 && !streamFits(levels, definition, count)) return false;
    const begin = second.repetition_levels_byte_length + second.definition_levels_byte_length;
    const rest = stored.subarray(begin);
    const bytes = header.uncompressed_page_size - begin;
    values = reader(second.is_compressed === false ? rest : decompressPage(rest, bytes, column.codec, compressors));
    nulls = second.num_nulls;
  } else {
    values = reader(decompressPage(stored, header.uncompressed_page_size, column.codec, compressors));
    if (repetition > 0 && !prefixedStreamFits(values, repetition, count)) return false;
    if (definition > 0) {
      const levels = prefixedStream(values, definition, count);
      if (levels === null) return false;
      nulls = levels.filter((level) => level !== maxDefinition).length;
    }
  }
  const { encoding } = data;
  if (encoding === "RLE") return prefixedStreamFits(values, 1, count - nulls);
  if (encoding !== "RLE_DICTIONARY" && encoding !== "PLAIN_DICTIONARY") return true;
  if (count === nulls) return true;
  const width = values.view.getUint8(values.offset++);
  return width <= 32 && ((width === 0 && second === undefined) || streamFits(values, width, count - nulls));
}

/** Walks the headers of the runs. The reader stays where it is. */
function streamFits({ view, offset }: Reader, width: number, count: number): boolean {
  const at: Reader = { view, offset };
  for (let seen = 0; seen < count; ) {
    // A view reads a place that is not a number as 0, for ever.
    if (!Number.isSafeInteger(at.offset)) return false;
    const header = readVarInt(at);
    // Kept below 2^31 even where the library computes with signed integers.
    if (header < 0) return false;
    const run = header & 1 ? (header >>> 1) * 8 : header >>> 1;
    if (run > count - seen + mostSurplus) return false;
    at.offset += header & 1 ? (header >>> 1) * width : (width + 7) >> 3;
    seen += run;
  }
  return true;
}

function prefixedStreamFits(reader: Reader, width: number, count: number): boolean {
  return prefixedStream(reader, width, count) !== null;
}

/** Levels after their length in bytes. Moves the reader behind them. @returns null where a run is too long. */
function prefixedStream(reader: Reader, width: number, count: number): number[] | null {
  if (!streamFits({ view: reader.view, offset: reader.offset + 4 }, width, count)) return null;
  const levels: number[] = new Array(count);
  readRleBitPackedHybrid(reader, width, levels);
  return levels;
}

function reader(bytes: Uint8Array): Reader {
  return { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
}

function levelWidth(maxLevel: number): number {
  return 32 - Math.clz32(maxLevel);
}
