/*
 * Which variants of the kernels this processor and its system can run. Compiled without any of their flags, into a library of its own that
 * is loaded before one of theirs. Knows nothing of kernels.
 */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

enum { eax, ebx, ecx, edx };

/* One bit of the processor's answer to `cpuid` (Intel, Software Developer's Manual, 2A, CPUID). */
typedef struct {
  unsigned leaf, subleaf, word, bit;
} Feature;

static const Feature fma = {1, 0, ecx, 12}, osxsave = {1, 0, ecx, 27};
static const Feature avx2 = {7, 0, ebx, 5}, avx512f = {7, 0, ebx, 16}, avx512dq = {7, 0, ebx, 17};
static const Feature avx512bw = {7, 0, ebx, 30}, avx512vl = {7, 0, ebx, 31}, avx512bf16 = {7, 1, eax, 5};
static const Feature amxBf16 = {7, 0, edx, 22}, amxTile = {7, 0, edx, 24};

static bool has(Feature feature) {
  unsigned words[4] = {0};
  if (!__get_cpuid_count(feature.leaf, feature.subleaf, &words[eax], &words[ebx], &words[ecx], &words[edx])) return false;
  return words[feature.word] >> feature.bit & 1;
}

/* Bits of XCR0: the registers that the system saves when it changes threads. */
enum { vectorState = 0x6, maskState = 0xe0, tileState = 0x60000 };

static bool systemSaves(unsigned state) {
  if (!has(osxsave)) return false;
  unsigned low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low & state) == state;
}

/* Linux gives the tile registers to processes that ask for them; its answer holds for all threads. */
static bool tilesGranted(void) {
#if defined(__linux__)
  enum { requestPermission = 0x1023, tileData = 18 };
  return syscall(SYS_arch_prctl, requestPermission, tileData) == 0;
#else
  return false;
#endif
}

static bool hasAvx2(void) { return systemSaves(vectorState) && has(avx2) && has(fma); }

static bool hasAvx512(void) {
  return hasAvx2() && systemSaves(maskState) && has(avx512f) && has(avx512bw) && has(avx512vl) && has(avx512dq);
}

static bool hasBf16(void) { return hasAvx512() && has(avx512bf16); }

static bool hasAmx(void) {
  return hasBf16() && systemSaves(tileState) && has(amxTile) && has(amxBf16) && tilesGranted();
}

static const struct {
  const char *name;
  bool (*supported)(void);
} variants[] = {{"avx2", hasAvx2}, {"avx512", hasAvx512}, {"avx512bf16", hasBf16}, {"amx", hasAmx}};

static bool supports(const char *variant) {
  for (unsigned i = 0; i < sizeof variants / sizeof *variants; i++)
    if (strcmp(variant, variants[i].name) == 0) return variants[i].supported();
  return false;
}
#else
static bool supports(const char *variant) {
  (void)variant;
  return false;
}
#endif

/* To ask for "amx" also asks the system for its registers, which a process must do before it uses them. */
int32_t deadweightCpuSupports(const char *variant) { return strcmp(variant, "portable") == 0 || supports(variant); }
