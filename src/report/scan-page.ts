/** @file stub */
import type { ScanRecord } from "../records/scan-record.js";
export function scanPage(record: ScanRecord): string {
  return JSON.stringify(record);
}
