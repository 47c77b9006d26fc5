/* Ends a test before it begins where the processor cannot run what it was compiled for; the registers of AMX must be asked for in any case. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int32_t deadweightCpuSupports(const char *variant);

__attribute__((constructor)) static void demandProcessor(void) {
  if (deadweightCpuSupports(deadweightVariant)) return;
  fprintf(stderr, "This processor cannot run " deadweightVariant ".\n");
  exit(2);
}
