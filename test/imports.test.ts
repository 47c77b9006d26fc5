/** @file The direction of imports between folders, and the absence of cycles between files. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, test } from "vitest";

const source = resolve(import.meta.dirname, "../src");

/** What each folder may import besides `foundation` and itself. */
const allowed: Readonly<Record<string, readonly string[] | "all">> = {
  foundation: [],
  records: [],
  linalg: [],
  checkpoint: [],
  graph: [],
  engine: ["graph"],
  spectrum: ["checkpoint", "linalg", "graph", "engine", "records"],
  model: ["graph", "checkpoint"],
  data: [],
  training: ["graph", "engine", "model", "data", "checkpoint", "records"],
  crystal: ["training", "model", "data", "checkpoint", "linalg", "records"],
  statistics: ["records"],
  dispatch: ["crystal", "records"],
  study: ["crystal", "dispatch", "statistics", "spectrum", "checkpoint", "records"],
  export: ["checkpoint", "linalg", "records"],
  report: ["records"],
  paper: "all",
  cli: "all",
};

interface Import {
  readonly from: string;
  readonly to: string;
}

/** Every relative import of the sources, tests apart, as paths below `src`. */
function imports(): Import[] {
  const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".ts") && !/\.(test|contract)\.ts$/.test(file),
  );
  return files.flatMap((from) => {
    const text = readFileSync(join(source, from), "utf8");
    const specifiers = [
      ...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g),
      ...text.matchAll(/new URL\("(\.[^"]+)", import/g),
    ];
    return specifiers
      .map(([, specifier]) => relative(source, resolve(source, dirname(from), specifier)))
      .filter((to) => !to.startsWith(".."))
      .map((to) => ({ from, to: to.replace(/\.js$/, ".ts") }));
  });
}

const folder = (file: string): string => file.split("/")[0];

/** A path of files that leads back to its start, or null. */
function cycle(edges: readonly Import[]): string[] | null {
  const targets = new Map<string, string[]>();
  for (const { from, to } of edges) targets.set(from, [...(targets.get(from) ?? []), to]);
  const finished = new Set<string>();
  const visit = (file: string, path: string[]): string[] | null => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (finished.has(file)) return null;
    for (const next of targets.get(file) ?? []) {
      const found = visit(next, [...path, file]);
      if (found) return found;
    }
    finished.add(file);
    return null;
  };
  for (const file of targets.keys()) {
    const found = visit(file, []);
    if (found) return found;
  }
  return null;
}

describe("imports", () => {
  const edges = imports();

  test("are seen at all", () => {
    expect(edges).toContainEqual({ from: "graph/verify.ts", to: "graph/shape-rules.ts" });
    expect(edges).toContainEqual({ from: "engine/backend.ts", to: "graph/graph.ts" });
  });

  test("go only where the table of folders lets them", () => {
    const forbidden = edges.filter(({ from, to }) => {
      const rule = allowed[folder(from)];
      if (folder(from) === folder(to) || folder(to) === "foundation") return false;
      if (rule === "all") return folder(to) === "cli";
      return !rule?.includes(folder(to));
    });
    expect(forbidden.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });

  test("make no cycle between files", () => {
    expect(
      cycle([
        { from: "a", to: "b" },
        { from: "b", to: "a" },
      ]),
    ).toEqual(["a", "b", "a"]);
    expect(cycle(edges)).toBeNull();
  });

  test("keep the runtime in one folder", () => {
    const users = readdirSync(source, { recursive: true, encoding: "utf8" }).filter(
      (file) => file.endsWith(".ts") && readFileSync(join(source, file), "utf8").includes('"onnxruntime-node"'),
    );
    expect([...new Set(users.map(dirname))]).toEqual(["engine/onnx"]);
  });
});
