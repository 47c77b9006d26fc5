/** @file What every figure of a scan is and what stands beside it for noise. Knows no figure. */
import type { ScanRecord } from "../records/scan-record.js";
import { type Html, html } from "./html.js";

interface Method {
  readonly name: string;
  readonly what: string;
  readonly noise: string;
}

const simulated = "mean over i.i.d. normal matrices of this shape";

/** s: singular values, λ = s²; n, m: the shorter and the longer side. */
const methods: readonly Method[] = [
  {
    name: "pr",
    what: "Participation ratio of the eigenvalues λ of W′W: (Σλ)² / Σλ², the number of directions that share the weight evenly.",
    noise: "(nm + 2) / (n + m + 1)",
  },
  { name: "pr of s", what: "The same of the singular values: (Σs)² / Σs².", noise: simulated },
  { name: "pc1", what: "λ₁ / Σλ: what a rank-1 copy keeps.", noise: simulated },
  { name: "stable rank", what: "Squared Frobenius norm over squared spectral norm, 1 / pc1.", noise: simulated },
  {
    name: "effective rank",
    what: "exp(−Σ p log p) with p = s / Σs (Roy & Vetterli 2007).",
    noise: simulated,
  },
  {
    name: "spikes, energy",
    what: "Singular values above the Marchenko-Pastur edge of noise whose scale the median singular value tells (Gavish & Donoho 2014), at the 1% level; and their share of Σλ.",
    noise: "none, 0%",
  },
  {
    name: "norm",
    what: "Largest singular value.",
    noise: "that of noise with the matrix's own root mean square",
  },
  {
    name: "tail exponent, KS",
    what: "Power law p(λ) ~ λ^−α fitted to the tail (Clauset, Shalizi & Newman 2009), and the Kolmogorov-Smirnov distance of the fit. On noise the exponent scatters by half.",
    noise: simulated,
  },
  { name: "kurtosis", what: "m₄ / m₂² of the entries about their mean, not excess.", noise: "3" },
  {
    name: "noise",
    what: "No spike, and pr where i.i.d. entries put it: the matrix cannot be told from one that was never trained.",
    noise: "holds for 99 in 100",
  },
  {
    name: "±, ~",
    what: "Estimates of large matrices with their standard error; all other figures are exact but for rounding.",
    noise: "–",
  },
];

const ofChange: Method = {
  name: "change, its …",
  what: "‖W − W_base‖ / ‖W_base‖ in the Frobenius norm; and the measures above of W − W_base.",
  noise: "as above: every entry moved independently",
};

export function scanMethods({ seed, version, base, kernels = "WebAssembly" }: ScanRecord): Html {
  const shown = base ? [...methods, ofChange] : methods;
  return html`<section id="methods"><h2>What the figures mean</h2>
<p>W is taken as output × input; s are its singular values, λ = s², n and m its shorter and longer side. Shape alone moves every figure, hence what noise of the same shape would show beside it: x0.5 is half of that.</p>
<div class="table methods" role="region" aria-label="What the figures mean" tabindex="0"><table><thead><tr><th scope="col">figure</th><th scope="col">what it is</th><th scope="col">of noise</th></tr></thead><tbody>
${shown.map(({ name, what, noise }) => html`<tr><th scope="row">${name}</th><td>${what}</td><td>${noise}</td></tr>\n`)}</tbody></table></div>
<p class="note">deadweight ${version}; seed ${seed} of what is drawn; spectra computed by ${kernels}.</p></section>`;
}
