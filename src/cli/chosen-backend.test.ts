import { describe, expect, test } from "vitest";
import type { TaskRunner } from "../dispatch/task.js";
import { InputError, WorkerError } from "../foundation/errors.js";
import type { RunFolder } from "../records/run-folder.js";
import { chooseBackend, noteOtherBackend } from "./chosen-backend.js";
import type { EngineArguments } from "./compute-arguments.js";

const asked: EngineArguments = { device: "cpu", backend: "auto", precision: "auto" };
const onnx = { backend: "onnx", precision: "fp32", engine: "onnxruntime 1 on cpu, fp32", note: null };

/** Workers that answer in turn, and what they were asked and said. */
function workers(...answers: readonly (object | Error)[]) {
  const seen: { asked: unknown; closed: boolean }[] = [];
  const start = (): TaskRunner => {
    const own = { asked: null as unknown, closed: false };
    seen.push(own);
    return {
      async run(_module, args, options) {
        own.asked = args;
        options?.onProgress?.("Compiling ...");
        const answer = answers[seen.length - 1];
        if (answer instanceof Error) throw answer;
        return answer;
      },
      async close() {
        own.closed = true;
      },
    };
  };
  const said: string[] = [];
  const progress = { update: () => {}, end: () => {}, note: (text: string) => said.push(text) };
  return { seen, said, start, options: { progress, signal: new AbortController().signal } };
}

describe("the choice of a backend", () => {
  test("says what is compiled and what cannot be had, and gives one answer", async () => {
    const { options, said, seen, start } = workers({
      ...onnx,
      note: "No C compiler here. Computing with onnxruntime.",
    });
    const { note: _note, ...expected } = onnx;
    expect(await chooseBackend(asked, options, start)).toEqual(expected);
    expect(said).toEqual(["Compiling ...", "No C compiler here. Computing with onnxruntime."]);
    expect(seen).toEqual([{ asked: { ...asked, threads: 0 }, closed: true }]);
  });

  test("goes on with onnxruntime where the native kernels crash", async () => {
    const { options, said, seen, start } = workers(new WorkerError("The worker process ended early (SIGILL)."), onnx);
    expect((await chooseBackend(asked, options, start)).backend).toBe("onnx");
    expect(said[1]).toBe(
      "The native kernels crashed in their self-test: The worker process ended early (SIGILL). Computing with onnxruntime.",
    );
    expect(seen).toEqual([
      { asked: { ...asked, threads: 0 }, closed: true },
      { asked: { ...asked, backend: "onnx", threads: 0 }, closed: true },
    ]);
  });

  test.each([{ backend: "native" }, { precision: "bf16" }] as const)(
    "does not where %j is insisted on",
    async (more) => {
      const { options, start } = workers(new WorkerError("The worker process ended early (SIGSEGV)."));
      const refused = chooseBackend({ ...asked, ...more }, options, start);
      await expect(refused).rejects.toThrow(InputError);
      await expect(refused).rejects.toThrow(/crashed in their self-test: .* \(SIGSEGV\)\. Leave /);
    },
  );

  test("passes on what is refused", async () => {
    const { options, start } = workers(new InputError("--precision bf16 needs the native kernels."));
    await expect(chooseBackend(asked, options, start)).rejects.toThrow("--precision bf16 needs the native kernels.");
  });
});

test("a folder continued with another backend is told, and no other", () => {
  const folder = (continued: boolean, backend?: string) => ({ continued, record: { backend } }) as unknown as RunFolder;
  const said: string[] = [];
  const continueWith = (begun: RunFolder, engine: string) => noteOtherBackend(begun, engine, (text) => said.push(text));
  continueWith(folder(true, "a, fp32"), "a, fp32");
  continueWith(folder(true), "a, fp32");
  continueWith(folder(false, "a, fp32"), "b, fp32");
  expect(said).toEqual([]);
  continueWith(folder(true, "a, fp32"), "b, fp32");
  expect(said).toEqual(["Begun with a, fp32; continuing with b, fp32."]);
});
