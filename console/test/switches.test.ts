import { describe, expect, it } from "vitest";
import { changeHold, holdsAll } from "../src/hold";
import { profileOf } from "../src/switches";

describe("the switch that holds all requests", () => {
  it.each([
    [null, false],
    [{}, false],
    [{ manual: { timeout_s: 60 } }, false],
    [{ manual: { all: true } }, true],
  ])("shows what the script says: %j", (defaults, shown) => {
    expect(holdsAll(defaults)).toBe(shown);
  });

  it("leaves how long requests wait as it is", () => {
    expect(changeHold({ manual: { timeout_s: 60 } }, true)).toEqual({ manual: { timeout_s: 60, all: true } });
    expect(changeHold({ manual: { timeout_s: 60, all: true } }, false)).toEqual({ manual: { timeout_s: 60 } });
    expect(changeHold({ manual: { all: true } }, false)).toEqual({ manual: undefined });
    expect(changeHold({}, true)).toEqual({ manual: { all: true } });
  });
});

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
