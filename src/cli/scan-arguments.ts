/** @file What `deadweight scan` is asked to do, parsed. */
import type { ScanOrder } from "../report/scan-order.js";
import type { AmplitudeChoice, Depth } from "../spectrum/measuring.js";

export interface ScanArguments {
  readonly only: readonly string[];
  readonly base?: string;
  readonly depth: Depth;
  readonly parts: boolean;
  readonly amplitudes: AmplitudeChoice;
  readonly sort: ScanOrder;
  readonly json?: string;
  readonly csv?: string;
  readonly html?: string;
  readonly seed: number;
  readonly jobs?: number;
}
