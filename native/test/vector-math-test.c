/* The vector functions against libm's double precision, over their whole range. */
#include "../vector-math.h"

#include "check.h"

typedef Vector Function(Vector);
typedef double Oracle(double);

/* |f - oracle| / max(|oracle|, small) over [begin, end], and in every lane the same. */
static void expectClose(const char *what, Function *f, Oracle *oracle, double begin, double end, double small, double tolerance) {
  double worst = 0, where = 0;
  const int steps = 400000;
  for (int i = 0; i < steps; i += lanes) {
    Vector x;
    for (int lane = 0; lane < lanes; lane++) x[lane] = (float)(begin + (end - begin) * (i + lane) / steps);
    Vector y = f(x);
    for (int lane = 0; lane < lanes; lane++) {
      double expected = oracle(x[lane]);
      double error = fabs(y[lane] - expected) / fmax(fabs(expected), small);
      if (error > worst || isnan(error)) worst = isnan(error) ? INFINITY : error, where = x[lane];
    }
  }
  if (worst <= tolerance) return;
  failures++;
  fprintf(stderr, "%s: %.2e at %g, allowed %.2e\n", what, worst, where, tolerance);
}

/* Equal as numbers, or both NaN. */
static void expectValue(const char *what, Function *f, float x, double expected) {
  Vector y = f(broadcast(x));
  for (int lane = 0; lane < lanes; lane++) {
    if (y[lane] == (float)expected || (isnan(y[lane]) && isnan(expected))) continue;
    failures++;
    fprintf(stderr, "%s(%g): %g, expected %g\n", what, x, y[lane], expected);
    return;
  }
}

static double logistic(double x) { return 1 / (1 + exp(-x)); }
static double normal(double x) { return erfc(-x / sqrt(2)) / 2; }
static const double a = 1.5957691216057308, b = 0.044715;
static double geluTanh(double x) { return x * logistic(a * (x + b * x * x * x)); }
static double geluTanhSlope(double x) {
  double u = a * (x + b * x * x * x);
  return logistic(u) + x * logistic(u) * logistic(-u) * a * (1 + 3 * b * x * x);
}
static double gelu(double x) { return x * normal(x); }
static double geluSlope(double x) { return normal(x) + x * exp(-x * x / 2) / sqrt(2 * acos(-1)); }
static double silu(double x) { return x * logistic(x); }
static double siluSlope(double x) { return logistic(x) + x * logistic(x) * logistic(-x); }

static Vector vectorGeluTanh(Vector x) { return activate(activationGeluTanh, x); }
static Vector vectorGeluTanhSlope(Vector x) { return activationSlope(activationGeluTanh, x); }
static Vector vectorGelu(Vector x) { return activate(activationGelu, x); }
static Vector vectorGeluSlope(Vector x) { return activationSlope(activationGelu, x); }
static Vector vectorSilu(Vector x) { return activate(activationSilu, x); }
static Vector vectorSiluSlope(Vector x) { return activationSlope(activationSilu, x); }
static Vector vectorNone(Vector x) { return activate(activationNone, x); }
static Vector vectorNoneSlope(Vector x) { return activationSlope(activationNone, x); }

/* `above`: the limit, or 2 where the function is x itself up there. */
static void expectEnds(const char *what, Function *f, double below, double above) {
  const float far[] = {1e3f, 1e30f, 3e38f, INFINITY};
  for (int i = 0; i < 4; i++) {
    expectValue(what, f, -far[i], below);
    expectValue(what, f, far[i], above == 2 ? far[i] : above);
  }
  expectValue(what, f, NAN, NAN);
  expectValue(what, f, -NAN, NAN);
}

static void expectSums(void) {
  Vector v;
  for (int lane = 0; lane < lanes; lane++) v[lane] = (float)(1 << lane);
  if (vectorSum(v) == (float)((1 << lanes) - 1)) return;
  failures++;
  fprintf(stderr, "vectorSum: %g\n", vectorSum(v));
}

int main(void) {
  expectClose("exp", vectorExp, exp, -87.3, 88.72, 0, 1.5e-7);
  expectClose("exp near 0", vectorExp, exp, -1, 1, 0, 1.5e-7);
  expectClose("exp of denormal results", vectorExp, exp, -110, -87.3, 1e-30, 1e-7);
  expectValue("exp", vectorExp, 0, 1);
  expectValue("exp", vectorExp, 88.73f, INFINITY);
  expectEnds("exp", vectorExp, 0, INFINITY);

  expectClose("logistic", vectorLogistic, logistic, -87, 87, 0, 3e-7);
  expectEnds("logistic", vectorLogistic, 0, 1);

  /* Below -2 the gates are powers of e whose exponent's own rounding shows; slopes cross zero. */
  const double small = 0.1, smallSlope = 0.3;
  expectClose("geluTanh", vectorGeluTanh, geluTanh, -30, 30, small, 5e-7);
  expectClose("geluTanh'", vectorGeluTanhSlope, geluTanhSlope, -30, 30, smallSlope, 5e-7);
  expectClose("gelu", vectorGelu, gelu, -30, 30, small, 5e-7);
  expectClose("gelu'", vectorGeluSlope, geluSlope, -30, 30, smallSlope, 5e-7);
  expectClose("silu", vectorSilu, silu, -120, 120, small, 5e-7);
  expectClose("silu'", vectorSiluSlope, siluSlope, -120, 120, smallSlope, 5e-7);
  expectEnds("geluTanh", vectorGeluTanh, 0, 2);
  expectEnds("geluTanh'", vectorGeluTanhSlope, 0, 1);
  expectEnds("gelu", vectorGelu, 0, 2);
  expectEnds("gelu'", vectorGeluSlope, 0, 1);
  expectEnds("silu", vectorSilu, 0, 2);
  expectEnds("silu'", vectorSiluSlope, 0, 1);
  expectValue("none", vectorNone, -3, -3);
  expectValue("none'", vectorNoneSlope, -3, 1);
  expectSums();
  return outcome("vector-math");
}
