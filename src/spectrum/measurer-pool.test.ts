import { expect, test } from "vitest";
import type { MeasureReply, Measurer } from "./measure-request.js";
import { measurerPool } from "./measurer-pool.js";

const reply: MeasureReply = { kind: "measures", measures: [], changes: [] };
const request = { kind: "sum" } as never;

/** Pool of `count` measurers that write down their number at each request. */
function pool(count: number, mostBytes: number) {
  const asked: number[] = [];
  const measurers = Array.from(
    { length: count },
    (_, index): Measurer =>
      async () => {
        asked.push(index);
        return reply;
      },
  );
  return { asked, ...measurerPool(measurers, mostBytes) };
}

test("large matrices go to the one that has grown already, small ones to the one that need not grow", async () => {
  const { take, asked } = pool(3, 2000);
  const both = async (sizes: readonly number[]) => {
    const leases = await Promise.all(sizes.map(take));
    for (const lease of leases) {
      await lease.run(request);
      lease.release();
    }
  };
  await both([900, 10]);
  const [large, small] = asked.splice(0);
  expect(large).not.toBe(small);
  await both([10, 900]);
  await both([5, 800]);
  expect(asked).toEqual([small, large, small, large]);
});

test("what does not fit waits, unless nothing else is under way", async () => {
  const { take } = pool(2, 100);
  const first = await take(80);
  let second = false;
  const waiting = take(80).then((lease) => {
    second = true;
    return lease;
  });
  await Promise.resolve();
  expect(second).toBe(false);
  first.release();
  (await waiting).release();
  // Larger than all that may be out: alone, it is let through.
  (await take(500)).release();
});
