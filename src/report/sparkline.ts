/** @file A spectrum in a few characters. Knows no terminal. */
import type { MeasuresRecord } from "../records/scan-record.js";

const blocks = "▁▂▃▄▅▆▇█";

/**
 * Singular values from the largest to the smallest, at equal steps of the logarithm of the rank, on a logarithmic scale of three decades.
 * @returns `width` characters; empty where there is no spectrum.
 */
export function sparkline(spectrum: MeasuresRecord["spectrum"], width: number): string {
  if (!spectrum || spectrum.value.length === 0 || !(spectrum.value[0] > 0)) return "";
  const { rank, value } = spectrum;
  const last = rank[rank.length - 1];
  return Array.from({ length: width }, (_, step) => {
    const wanted = last ** (width === 1 ? 0 : step / (width - 1));
    const index = rank.findIndex((r) => r >= wanted - 1e-9);
    const decades = Math.log10(value[0] / value[index < 0 ? value.length - 1 : index]);
    const height = Number.isFinite(decades) ? Math.max(0, 1 - decades / 3) : 0;
    return blocks[Math.min(blocks.length - 1, Math.floor(height * blocks.length))];
  }).join("");
}
