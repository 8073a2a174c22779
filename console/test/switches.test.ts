import { describe, expect, it } from "vitest";
import { profileOf } from "../src/switches";

describe("the switch of the model server", () => {
  it.each([
    [undefined, ""],
    [{ profile: "gpu" }, "gpu"],
    [{ profile: "gpu", max_num_seqs: 2 }, null],
    [{ max_num_seqs: 2 }, null],
  ])("shows a profile, the shared server, or that a script gives figures: %j", (capacity, shown) => {
    expect(profileOf(capacity)).toBe(shown);
  });
});
