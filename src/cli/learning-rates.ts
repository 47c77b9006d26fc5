/** @file The learning rates that are tried where none is given. */

/** Peak rates that are tried on `full`; those of AdamW fine-tuning in use, from large models to small ones. */
export const learningRates = [3e-5, 1e-4, 3e-4, 1e-3, 3e-3];
