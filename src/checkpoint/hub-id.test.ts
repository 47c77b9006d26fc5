import { describe, expect, it } from "vitest";
import { isHubId } from "./hub-id.js";

describe("isHubId", () => {
  it.each([
    ["org/name", true],
    ["openai-community/gpt2@main", true],
    ["HuggingFaceTB/SmolLM2-135M@refs/pr/1", true],
    ["gpt2", false],
    ["gpt2@main", false],
    ["./org/name", false],
    ["/org/name", false],
    ["../name", false],
    ["org/..", false],
    ["org/a--b", false],
    ["org/name/more", false],
    ["runs/model.safetensors", false],
    ["", false],
  ])("of %s is %s", (source, expected) => expect(isHubId(source)).toBe(expected));

  it("is false for an existing local path", () => expect(isHubId("test/fixtures")).toBe(false));
});
