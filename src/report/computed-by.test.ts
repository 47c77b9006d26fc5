/** @file Every page of a training says what computed; one of an older record, which does not know, leaves it out. */
import { describe, expect, it } from "vitest";
import { sampleBoundaryRecord } from "../../test/sample-boundary-record.js";
import { samplePaperRecord } from "../../test/sample-paper-record.js";
import { sampleSftRecord } from "../../test/sample-sft-record.js";
import { sampleTestRecord } from "../../test/sample-test-record.js";
import { boundaryRecord } from "../records/boundary-record.js";
import { paperRecord } from "../records/paper-record.js";
import { sftRecord } from "../records/sft-record.js";
import { testRecord } from "../records/test-record.js";
import { rejudgeAtMargins } from "../statistics/rejudged-boundary.js";
import { boundaryPage } from "./boundary-page.js";
import { paperPage } from "./paper-page.js";
import { sftPage } from "./sft-page.js";
import { testPage } from "./test-page.js";

/** The page of a record that is read from its file, with what computed or without. */
const pages: Readonly<Record<string, (more: { backend?: string }) => string>> = {
  test: (more) => testPage(testRecord.parse(withSft(sampleTestRecord(), more))),
  paper: (more) => paperPage(paperRecord.parse(withSft(samplePaperRecord(), more))),
  boundary(more) {
    const record = boundaryRecord.parse(withSft(sampleBoundaryRecord(), more));
    return boundaryPage(record, rejudgeAtMargins(record));
  },
  sft(more) {
    const record = sampleSftRecord();
    return sftPage(sftRecord.parse({ ...record, settings: { ...record.settings, ...more } }));
  },
};

const withSft = <R extends { sft: object }>(record: R, more: object) => ({
  ...record,
  sft: { ...record.sft, ...more },
});

describe.each(Object.entries(pages))("the page of a %s", (name, page) => {
  const shown = (text: string) => new RegExp(`<dt>${name === "sft" ? "Machine" : "Computed by"}</dt><dd>${text}`);

  it("says what computed", () => {
    expect(page({ backend: "native kernels (amx, cc 13.1), bf16" })).toMatch(
      shown("native kernels \\(amx, cc 13\\.1\\), bf16"),
    );
  });

  it("of an older record leaves it out", () => {
    if (name === "sft") expect(page({})).toMatch(shown("cpu, "));
    else expect(page({})).not.toMatch(shown(""));
  });
});
