/** @file Worker processes and threads as built: results, errors, crashes, restarts, interrupts. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import type { TaskRunner } from "../src/dispatch/task.js";

const built = pathToFileURL(resolve(import.meta.dirname, "../dist")).href;
const { workerProcess } = (await import(`${built}/dispatch/worker-process.js`)) as { workerProcess: () => TaskRunner };
const { workerThread } = (await import(`${built}/dispatch/worker-thread.js`)) as { workerThread: () => TaskRunner };

const folder = mkdtempSync(join(tmpdir(), "deadweight-worker-"));
const runner = workerProcess();
afterAll(async () => {
  await runner.close();
  rmSync(folder, { recursive: true });
});

function taskModule(name: string, body: string): URL {
  const path = join(folder, `${name}.mjs`);
  writeFileSync(
    path,
    `import { InputError } from "${built}/foundation/errors.js";\nexport const task = async (args, context) => { ${body} };\n`,
  );
  return pathToFileURL(path);
}

const add = taskModule("add", "context.onProgress(args.a); return { sum: args.a + args.b, pid: process.pid };");

describe("a worker process", () => {
  test("gives results and progress, and serves again", async () => {
    const progress: unknown[] = [];
    const first = (await runner.run(add, { a: 1, b: 2 }, { onProgress: (value) => progress.push(value) })) as {
      sum: number;
      pid: number;
    };
    expect(first.sum).toBe(3);
    expect(progress).toEqual([1]);
    expect(first.pid).not.toBe(process.pid);
    expect(await runner.run(add, { a: 2, b: 2 })).toEqual({ sum: 4, pid: first.pid });
  });

  test("passes on our errors as what they are, and any other without its stack", async () => {
    const refuse = taskModule("refuse", 'throw new InputError("a.safetensors: is cut short.");');
    await expect(runner.run(refuse, {})).rejects.toMatchObject({
      name: "InputError",
      message: "a.safetensors: is cut short.",
    });
    const defect = taskModule("defect", "return undefined.x;");
    const error: unknown = await runner.run(defect, {}).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: "WorkerError" });
    expect(String(error)).toMatch(/Internal error in a worker: Cannot read/);
    expect(String(error)).not.toMatch(/\n|\.mjs/);
  });

  test("that dies costs its task alone", async () => {
    const die = taskModule("die", "process.kill(process.pid, 'SIGKILL'); await new Promise(() => {});");
    await expect(runner.run(die, {})).rejects.toMatchObject({ name: "WorkerError" });
    expect(await runner.run(add, { a: 3, b: 4 })).toMatchObject({ sum: 7 });
  });

  test("is asked to stop, and answers as interrupted when it has saved", async () => {
    const wait = taskModule(
      "wait",
      "context.onProgress('ready'); await new Promise((done) => context.signal.addEventListener('abort', done)); context.onProgress('saved'); throw new (await import('" +
        `${built}/foundation/errors.js` +
        "')).InterruptedError('Stopped.');",
    );
    const controller = new AbortController();
    const heard: unknown[] = [];
    const running = runner.run(
      wait,
      {},
      {
        signal: controller.signal,
        onProgress(value) {
          heard.push(value);
          if (value === "ready") controller.abort();
        },
      },
    );
    await expect(running).rejects.toMatchObject({ name: "InterruptedError" });
    expect(heard).toEqual(["ready", "saved"]);
    await expect(runner.run(add, { a: 1, b: 1 }, { signal: controller.signal })).rejects.toMatchObject({
      name: "InterruptedError",
    });
  });

  test("goes when it is closed", async () => {
    const { pid } = (await runner.run(add, { a: 0, b: 0 })) as { pid: number };
    await runner.close();
    expect(() => process.kill(pid, 0)).toThrow();
  });
});

describe("a worker thread", () => {
  test("gives results, and refuses tasks after it was closed", async () => {
    const thread = workerThread();
    const addInThread = taskModule("add-in-thread", "return args.a + args.b;");
    expect(await thread.run(addInThread, { a: 1, b: 2 })).toBe(3);
    await thread.close();
    await expect(thread.run(addInThread, { a: 1, b: 2 })).rejects.toMatchObject({
      name: "WorkerError",
      message: "The worker thread failed: it has ended.",
    });
  });
});
