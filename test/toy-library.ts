/** @file A library with the exports of the kernel library that computes next to nothing, so that it compiles in no time. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Environment } from "../src/engine/native/c-compiler.js";
import { findCompiler } from "../src/engine/native/c-compiler.js";

const native = new URL("../native/", import.meta.url);

/** `run`: count -1 is short of memory, -2 unknown, another one waits for as many milliseconds and adds one to the first byte. */
const library = `#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include "variant.h"
typedef struct Pool { int threads; } Pool;
int32_t deadweightInstructionBytes(void) { return 288; }
uint64_t deadweightAddress(const void *data) { return (uint64_t)(uintptr_t)data; }
void *deadweightAllocate(int64_t bytes) { return bytes > (1ll << 40) ? NULL : malloc(bytes); }
void deadweightFree(void *memory, int64_t bytes) { (void)bytes; free(memory); }
Pool *deadweightOpen(int32_t threads) {
  if (threads > 1000) return NULL;
  Pool *pool = malloc(sizeof *pool);
  pool->threads = threads;
  return pool;
}
void deadweightClose(Pool *pool) { free(pool); }
/* Not memory here: which variant it was compiled for. */
int64_t deadweightScratchBytes(const Pool *pool) { (void)pool; return vectorBytes(); }
int32_t deadweightRun(Pool *pool, unsigned char *instructions, int64_t count) {
  (void)pool;
  if (count < 0) return (int32_t)-count;
  char large[4 << 20];
  for (int i = 0; i < (int)sizeof large; i += 512) ((volatile char *)large)[i] = 1;
  struct timespec wait = {count / 1000, count % 1000 * 1000000};
  nanosleep(&wait, NULL);
  instructions[0] += large[512];
  return 0;
}
double deadweightSumOfSquares(Pool *pool, const float *values, int64_t count) {
  (void)pool;
  double sum = 0;
  for (int64_t i = 0; i < count; i++) sum += (double)values[i] * values[i];
  return sum;
}
void deadweightAdamw(Pool *pool, float *w, const float *g, float *m, float *v, int64_t count, const double *scalars) {
  (void)pool;
  for (int64_t i = 0; i < count; i++) { m[i] += 1; v[i] += 2; w[i] += (float)scalars[8] * g[i]; }
}
`;

const header = `#include <stdint.h>
int64_t vectorBytes(void);
`;

/** In a file of its own, under a name that a C library might have too. */
const variant = `#include "variant.h"
int64_t vectorBytes(void) {
#if defined(__AVX512BF16__)
  return 65;
#elif defined(__AVX512F__)
  return 64;
#elif defined(__AVX2__)
  return 32;
#else
  return 16;
#endif
}
`;

/** @returns the folder, with the real cpu.c and the real flags. */
export function writeToyLibrary(folder: string): string {
  mkdirSync(folder, { recursive: true });
  for (const name of ["cpu.c", "variants.json"]) cpSync(new URL(name, native), join(folder, name));
  for (const [name, text] of Object.entries({ "library.c": library, "variant.h": header, "variant.c": variant }))
    writeFileSync(join(folder, name), text);
  return folder;
}

/** Adds a line to one of its sources. */
export function change(folder: string, name: string, line: string): void {
  const path = join(folder, name);
  writeFileSync(path, `${readFileSync(path, "utf8")}${line}\n`);
}

/** A sentence where there is no compiler: tests that need one are skipped. */
export const noCompiler: string | null = await findCompiler(process.env as Environment).then(
  () => null,
  (error: Error) => error.message,
);
