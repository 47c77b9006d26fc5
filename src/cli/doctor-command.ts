/** @file `deadweight doctor`: what this machine offers, and why not. */
import { Command } from "commander";
import { version } from "../foundation/version.js";
import { thisMachine } from "./machine.js";

const notes = `
Training runs on kernels in C that are compiled once, by the first C compiler that answers ($CC, else cc, gcc, clang), for the best variant
that the processor can run, and kept in a cache folder. They are held against a reference in float64 before they are used; where
anything is missing, onnxruntime computes. --backend and --precision of every training command choose otherwise.
A long scan has kernels of its own, made and kept alike and held against WebAssembly, which computes where they are missing.

bf16 rounds the factors of matrix products and sums in fp32. It is faster where the processor has AMX, and not otherwise: without AMX a
processor multiplies bf16 at half the rate of fp32.

  CC                  the compiler
  DEADWEIGHT_CACHE    folder of the compiled kernels
  DEADWEIGHT_VARIANT  a variant in place of the best: amx, avx512bf16, avx512, avx2, portable`;

export function doctorCommand(): Command {
  return new Command("doctor")
    .description("Say what this machine offers for training: compiler, kernels, devices, backends, and why not.")
    .addHelpText("after", notes)
    .action(async () => {
      // Loaded when it is asked for: --help should answer at once.
      process.stdout.write(`${await (await import("./doctor.js")).examination(thisMachine(), version)}\n`);
    });
}
