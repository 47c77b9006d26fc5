/** @file Dense float64 products of the reference backend. */

interface Matrix {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** a [m, k] times b [k, n]. */
export function matrixProduct(a: Matrix, b: Matrix): Matrix {
  const [m, k] = a.shape;
  const n = b.shape[1];
  const data = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let l = 0; l < k; l++) {
      const factor = a.data[i * k + l];
      for (let j = 0; j < n; j++) data[i * n + j] += factor * b.data[l * n + j];
    }
  return { shape: [m, n], data };
}

export function transposed({ shape: [rows, columns], data }: Matrix): Matrix {
  const result = new Float64Array(data.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) result[c * rows + r] = data[r * columns + c];
  return { shape: [columns, rows], data: result };
}
