/** @file The version that every artifact records. */
import { readFileSync } from "node:fs";

const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

/** Semantic version of this package. */
export const version: string = manifest.version;
