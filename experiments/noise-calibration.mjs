/**
 * How often noise is taken for something: the share of 1,000 i.i.d. noise matrices a shape that show a spike above the edge, and the share
 * that the undertrained check takes for trained. Both are meant to be 1%. `npm run build && node experiments/noise-calibration.mjs`
 *
 * Normal matrices are drawn by their spectra (Dumitriu & Edelman 2002); uniform and Laplace entries one by one, in smaller sizes.
 */
import { randomStream } from "../dist/foundation/random.js";
import { singularValues } from "../dist/linalg/singular-values.js";
import { entryMoments } from "../dist/spectrum/entry-moments.js";
import { measuresWithNulls } from "../dist/spectrum/measures-with-nulls.js";
import { openNoiseNulls } from "../dist/spectrum/noise-null.js";
import { drawNoiseSpectrum } from "../dist/spectrum/noise-spectrum.js";

const draws = Number(process.argv[2] ?? 1000);
const nulls = openNoiseNulls(0);

/** Of a matrix given by its spectrum and its entries' moments. */
function judged(rows, cols, singular, moments) {
  const spectrum = { rows, cols, singular, resolution: 0 };
  const findings = { kind: "spectrum", method: "gram", spectrum };
  return measuresWithNulls({ rows, cols, moments, findings }, nulls.spectral(rows, cols));
}

function rates(rows, cols, draw) {
  let spikes = 0;
  let told = 0;
  for (let i = 0; i < draws; i++) {
    const { singular, moments } = draw();
    const measures = judged(rows, cols, singular, moments);
    if (measures.spikes > 0) spikes++;
    if (measures.noiseLike === false) told++;
  }
  const percent = (count) => `${((100 * count) / draws).toFixed(1)}%`.padStart(7);
  return `${percent(spikes)} ${percent(told)}`;
}

const normalMoments = (count) => ({ count, mean: 0, m2: count, m3: 0, m4: 3 * count, broken: 0 });
process.stdout.write(
  `${draws} matrices a shape; a standard error is ${(100 * Math.sqrt((0.01 * 0.99) / draws)).toFixed(2)} points\n`,
);
process.stdout.write("entries        shape  spikes  judged trained\n");
for (const n of [8, 16, 33, 64, 128, 256, 768]) {
  for (const ratio of [1, 2, 4, 8]) {
    const m = n * ratio;
    const stream = randomStream(1, `calibration ${n}x${m}`);
    const draw = () => ({ singular: drawNoiseSpectrum(stream, n, m), moments: normalMoments(n * m) });
    process.stdout.write(`normal   ${`${n}x${m}`.padStart(11)} ${rates(n, m, draw)}\n`);
  }
}
const entries = {
  uniform: (stream) => stream.uniform() - 0.5,
  Laplace: (stream) => Math.sign(stream.uniform() - 0.5) * -Math.log(1 - stream.uniform()),
};
for (const [name, entry] of Object.entries(entries)) {
  for (const [rows, cols] of [
    [16, 16],
    [48, 48],
    [32, 128],
    [96, 96],
  ]) {
    const stream = randomStream(1, `calibration ${name} ${rows}x${cols}`);
    const draw = () => {
      const w = Float32Array.from({ length: rows * cols }, () => entry(stream));
      return { singular: singularValues(w, rows, cols), moments: entryMoments(w) };
    };
    process.stdout.write(`${name.padEnd(8)} ${`${rows}x${cols}`.padStart(11)} ${rates(rows, cols, draw)}\n`);
  }
}
