/* The matrix extension's kernel under the matrix product's tests, its registers in software. Needs pairs of bfloat16 as it does. */
#if defined(__AVX512BF16__)
#define DEADWEIGHT_SOFTWARE_TILES
#include "../matrix-product.c"
#include "matrix-product-test.c"
#else
int main(void) { return 0; }
#endif
