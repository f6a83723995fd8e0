import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Evidence } from "../../src/ownership.ts";
import {
  isRecycled,
  movedBetween,
  prefixesOf,
  withoutNewOwners,
} from "../../src/ownership/recycling.ts";
import { named } from "./shared.ts";

describe("prefixesOf()", () => {
  it("names every prefix that may have stood for a number", () => {
    assert.deepEqual(prefixesOf("number:+131"), [
      "number:+131",
      "number:+1*",
      "number:+13*",
      "number:+131*",
    ]);
  });

  it("names nothing else for what is no full number", () => {
    for (
      const key of ["number:12345", "number:INFO profile-a", "id:+1", "connection:1", "path:/"]
    ) {
      assert.deepEqual(prefixesOf(key), [key]);
    }
  });
});

describe("movedBetween()", () => {
  const had = { channels: ["voice", "fax"] as const, keys: ["number:+1", "id:a"] };

  it("tells what a tenant lost and gained", () => {
    const now = { channels: ["voice", "fax"] as const, keys: ["id:a", "id:b"] };
    assert.deepEqual(movedBetween(had, now), {
      lost: ["number:+1"],
      narrowed: [],
      narrowedBy: [],
      gained: ["id:b"],
    });
  });

  it("tells what it has on fewer channels", () => {
    const now = { channels: ["voice"] as const, keys: ["number:+1", "id:b"] };
    assert.deepEqual(movedBetween(had, now), {
      lost: ["id:a"],
      narrowed: ["number:+1"],
      narrowedBy: ["fax"],
      gained: ["id:b"],
    });
  });

  it("takes everything for gained where a channel is new", () => {
    const now = { channels: ["voice", "fax", "other"] as const, keys: ["number:+1"] };
    assert.deepEqual(movedBetween(had, now).gained, ["number:+1"]);
  });

  it("takes everything for lost where the tenant is gone, and for gained where it is new", () => {
    const nothing = { channels: [], keys: [] };
    assert.deepEqual(movedBetween(had, nothing).lost, had.keys);
    assert.deepEqual(movedBetween(nothing, had).gained, had.keys);
  });
});

/** These had what they had a short while ago. */
const formerly = (former: Readonly<Record<string, readonly string[]>>) => (key: string) =>
  former[key] ?? [];

describe("withoutNewOwners()", () => {
  const [acme, beta] = [named("acme", "number:+1"), named("beta", "number:+2")];
  const evidence: Evidence = {
    direction: "inbound",
    legs: ["call_leg_id:l"],
    numbers: [acme, beta],
    sides: { inbound: [acme], outbound: [beta] },
    between: [acme],
    ids: [beta, acme],
  };

  it("leaves out whoever has what another tenant had, wherever that is named", () => {
    const found = withoutNewOwners(evidence, formerly({ "number:+1": ["beta"] }));
    assert.equal(found.recycled, true);
    assert.deepEqual(found.evidence, {
      direction: "inbound",
      legs: ["call_leg_id:l"],
      numbers: [beta],
      sides: { inbound: [], outbound: [beta] },
      between: [],
      ids: [beta],
    });
  });

  it("lets a tenant have again what it had itself", () => {
    const found = withoutNewOwners(evidence, formerly({ "number:+1": ["acme"] }));
    assert.deepEqual(found, { evidence, recycled: false });
    const both = withoutNewOwners(evidence, formerly({ "number:+1": ["acme", "beta"] }));
    assert.equal(both.recycled, true);
  });

  it("believes a date in the config", () => {
    const dated: Evidence = { numbers: [{ ...acme, dated: true }] };
    const found = withoutNewOwners(dated, formerly({ "number:+1": ["beta"] }));
    assert.deepEqual(found, { evidence: dated, recycled: false });
  });

  it("adds nothing to what says nothing", () => {
    assert.deepEqual(withoutNewOwners({}, formerly({})), { evidence: {}, recycled: false });
  });
});

describe("isRecycled()", () => {
  const wanted = ["number:+1", "number:+2"];
  const evidence: Evidence = { sides: { inbound: [], outbound: [named("acme", "number:+1")] } };

  it("says so where nobody has now what another tenant had", () => {
    const former = formerly({ "number:+2": ["beta"] });
    const isIts = () => true;
    assert.equal(isRecycled(wanted, evidence, "acme", former, isIts), true);
    assert.equal(isRecycled(wanted, evidence, "beta", former, isIts), false, "it is its own");
    const others = ["number:+1"];
    assert.equal(isRecycled(others, evidence, "acme", former, isIts), false, "it is not named");
  });

  it("does not mind what the tenant does not own now either", () => {
    const former = formerly({ "number:+2": ["beta"] });
    assert.equal(isRecycled(wanted, evidence, "acme", former, () => false), false);
  });

  it("does not ask who had before what somebody has now", () => {
    const former = formerly({ "number:+1": ["beta"] });
    assert.equal(isRecycled(wanted, evidence, "acme", former, () => true), false);
  });
});
