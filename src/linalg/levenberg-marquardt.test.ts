import { describe, expect, it } from "vitest";
import { levenbergMarquardt, type ResidualModel } from "./levenberg-marquardt.js";

const rosenbrock: ResidualModel = {
  parameters: 2,
  residuals: 2,
  evaluate([x, y], residual) {
    residual.set([10 * (y - x * x), 1 - x]);
  },
  differentiate([x], jacobian) {
    jacobian.set([-20 * x, -1, 10, 0]);
  },
};

// Data, start and certified values of NIST StRD, Misra1a: y = b1 (1 - exp(-b2 x)).
const misraX = [77.6, 114.9, 141.1, 190.8, 239.9, 289, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760];
const misraY = [10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.4, 75.47, 81.78];
const misra1a: ResidualModel = {
  parameters: 2,
  residuals: 14,
  evaluate([b1, b2], residual) {
    misraX.forEach((x, i) => {
      residual[i] = b1 * (1 - Math.exp(-b2 * x)) - misraY[i];
    });
  },
  differentiate([b1, b2], jacobian) {
    misraX.forEach((x, i) => {
      jacobian[i] = 1 - Math.exp(-b2 * x);
      jacobian[14 + i] = b1 * x * Math.exp(-b2 * x);
    });
  },
};

describe("levenbergMarquardt", () => {
  it("solves Rosenbrock's valley", () => {
    const fit = levenbergMarquardt(rosenbrock, Float64Array.of(-1.2, 1), { mostIterations: 100 });
    expect(fit.converged).toBe(true);
    expect(fit.squares).toBeLessThan(1e-20);
    for (const value of fit.parameters) expect(Math.abs(value - 1)).toBeLessThan(1e-9);
  });

  it("finds NIST's certified values for Misra1a from the far start", () => {
    const fit = levenbergMarquardt(misra1a, Float64Array.of(500, 0.0001), { mostIterations: 200, tolerance: 1e-12 });
    expect(Math.abs(fit.parameters[0] / 2.3894212918e2 - 1)).toBeLessThan(1e-6);
    expect(Math.abs(fit.parameters[1] / 5.5015643181e-4 - 1)).toBeLessThan(1e-6);
    expect(Math.abs(fit.squares / 1.2455138894e-1 - 1)).toBeLessThan(1e-9);
  });

  it("stops at its bound, says so, and is no worse than the start, which it leaves alone", () => {
    const start = Float64Array.of(-1.2, 1);
    const fit = levenbergMarquardt(rosenbrock, start, { mostIterations: 2 });
    expect(fit).toMatchObject({ converged: false, iterations: 2 });
    expect(fit.squares).toBeLessThanOrEqual(24.2);
    expect([...start]).toEqual([-1.2, 1]);
  });

  it("survives a parameter without effect: its column of the Jacobian is zero", () => {
    const model: ResidualModel = {
      parameters: 2,
      residuals: 3,
      evaluate: ([x], residual) => residual.set([x - 1, x - 2, x - 6]),
      differentiate: (_, jacobian) => jacobian.set([1, 1, 1, 0, 0, 0]),
    };
    const fit = levenbergMarquardt(model, Float64Array.of(40, 5), { mostIterations: 50 });
    expect(fit.converged).toBe(true);
    expect(fit.parameters[0]).toBeCloseTo(3, 6);
    expect(fit.parameters[1]).toBe(5);
  });

  it("never steps to where the model is NaN", () => {
    // sqrt(x) = 0.1: from x = 9 the undamped step leads to x < 0.
    const model: ResidualModel = {
      parameters: 1,
      residuals: 1,
      evaluate: ([x], residual) => residual.set([Math.sqrt(x) - 0.1]),
      differentiate: ([x], jacobian) => jacobian.set([0.5 / Math.sqrt(x)]),
    };
    const fit = levenbergMarquardt(model, Float64Array.of(9), { mostIterations: 100 });
    expect(fit.parameters[0]).toBeCloseTo(0.01, 6);
  });
});
