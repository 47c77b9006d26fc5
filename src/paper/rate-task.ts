/** @file The task that measures how fast this machine multiplies matrices of the sizes that training uses. */
import { z } from "zod";
import type { Task } from "../dispatch/task.js";
import { GraphBuilder } from "../graph/graph-builder.js";
import { parseRecord } from "../records/record-file.js";
import { computeSetting, openBackend } from "../training/open-backend.js";

const rateArguments = z.object(computeSetting);

const [rows, fanIn, fanOut] = [1024, 256, 1024];
const measureMs = 400;

/** @returns floating-point operations per second, and of which backend. */
export const task: Task = async (args, { now }) => {
  const { backend, name, close } = await openBackend(parseRecord(rateArguments, args, "rate task"));
  const builder = new GraphBuilder();
  builder.output(
    "y",
    builder.linear(builder.input("x", [rows, fanIn]), builder.input("w", [fanIn, fanOut]), null, "inputOutput"),
  );
  const program = await backend.compile(builder.build());
  const inputs = new Map([
    ["x", new Float32Array(rows * fanIn).fill(0.5)],
    ["w", new Float32Array(fanIn * fanOut).fill(0.5)],
  ]);
  const binding = program.bind(inputs, new Map([["y", new Float32Array(rows * fanOut)]]));
  await binding.run();
  const begin = now();
  let runs = 0;
  while (now() - begin < measureMs) {
    await binding.run();
    runs++;
  }
  const seconds = (now() - begin) / 1000;
  await program.dispose();
  await close();
  return { operationsPerSecond: (runs * 2 * rows * fanIn * fanOut) / seconds, backend: name };
};
