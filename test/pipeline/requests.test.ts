import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { turns } from "../support/clock.ts";
import { desk, mib, sum } from "./desk.ts";

describe("createRequests()", () => {
  it("gives every tenant one turn per round, however much it has waiting", async () => {
    const { ask, asks, tenantsBegun, drain } = desk(1);
    asks("large", 256);
    ask("b");
    ask("c");
    ask("b");
    await drain();
    assert.deepEqual(tenantsBegun().slice(0, 6), ["large", "large", "b", "c", "large", "b"]);
    assert.equal(tenantsBegun().filter((tenant) => tenant === "large").length, 256);
  });

  it("answers its own caller, and a rejection frees the slot and touches nobody else", async () => {
    const { requests, ask } = desk(1);
    const failing = ask("a");
    const other = ask("b");
    failing.end(new Error("no"));
    await assert.rejects(failing.result, /^Error: no$/);
    await turns(1);
    assert.equal(other.state, "under way");
    other.end();
    assert.equal(await other.result, "b");
    const thrown = requests.run("c", 1, () => false, () => {
      throw new Error("at once");
    });
    await assert.rejects(thrown, /^Error: at once$/);
    await turns(1);
    assert.equal(requests.pending, 0);
  });

  it("lets a good tenant begin at once beside 1,000 suspects that hang", async () => {
    const { requests, suspects, ask } = desk(1_024);
    for (let index = 0; index < 1_000; index++) {
      suspects.add(`s-${index}`);
      ask(`s-${index}`);
    }
    assert.equal(requests.pending, 512);
    const good = Array.from({ length: 512 }, () => ask("good"));
    await turns(1);
    assert.ok(good.every(({ state }) => state === "under way"));
    assert.equal(requests.pending, 1_024);
  });

  it("leaves all slots to good tenants, and to suspects their turn", async () => {
    const { suspects, ask, asks, underWay } = desk(4);
    const good = asks("good", 6);
    assert.equal(underWay().length, 4);
    suspects.add("bad");
    const bad = ask("bad");
    good[0]?.end();
    await turns(1);
    good[1]?.end();
    await turns(1);
    assert.equal(bad.state, "under way");
  });

  it("lets good ones go first where there is a single slot", async () => {
    const { suspects, ask, tenantsBegun, drain } = desk(1);
    suspects.add("s").add("t");
    for (const tenant of ["s", "t", "a", "b", "a"]) ask(tenant);
    await drain();
    assert.deepEqual(tenantsBegun(), ["s", "a", "b", "a", "t"]);
  });

  it("asks again who is a suspect when it is its turn", async () => {
    const { suspects, ask, underWay } = desk(2);
    suspects.add("hangs").add("recovers");
    ask("hangs");
    const recovers = ask("recovers");
    assert.equal(recovers.state, "waiting");
    suspects.delete("recovers");
    ask("other");
    assert.equal(recovers.state, "under way");
    const fails = ask("fails");
    suspects.add("fails");
    recovers.end();
    await turns(1);
    assert.equal(fails.state, "waiting");
    assert.deepEqual(underWay().map(({ tenant }) => tenant), ["hangs", "other"]);
  });

  it("follows a limit that is raised or lowered", async () => {
    const { asks, underWay, limit } = desk(2);
    asks("a", 20);
    limit(5);
    asks("b", 1);
    assert.equal(underWay().length, 5);
    limit(3);
    for (const expected of [4, 3, 3, 3]) {
      underWay()[0]?.end();
      await turns(1);
      assert.equal(underWay().length, expected);
    }
  });

  it("has at most 64 MiB of bodies under way, half of it suspects'", async () => {
    const { suspects, ask, underWay, drain } = desk(1_000);
    suspects.add("s");
    for (let index = 0; index < 100; index++) {
      ask("s", mib);
      ask("g", mib);
    }
    assert.equal(sum(underWay().filter(({ suspect }) => suspect)), 32 * mib);
    assert.equal(sum(underWay()), 64 * mib);
    await drain();
  });

  it("gives good tenants what suspects leave of 64 MiB", async () => {
    const { suspects, asks, underWay, drain } = desk(1_000);
    asks("g", 100, mib);
    assert.equal(sum(underWay()), 64 * mib);
    suspects.add("s");
    asks("s", 40, mib);
    assert.equal(sum(underWay()), 96 * mib);
    underWay()[0]?.end();
    await turns(1);
    assert.equal(sum(underWay()), 95 * mib);
    await drain();
  });

  it("counts a body over 16 MiB as a suspect's", async () => {
    const { suspects, ask, asks } = desk(1_000);
    suspects.add("s");
    asks("s", 32, mib);
    const large = ask("g", 16 * mib + 1);
    const fine = ask("h", 16 * mib);
    assert.deepEqual([large.state, fine.state], ["waiting", "under way"]);
  });

  it("lets a large body go alone of its kind, and is not kept from it by small ones", async () => {
    const { suspects, ask, underWay, tenantsBegun } = desk(1_000);
    for (const tenant of ["small", "x", "y"]) suspects.add(tenant);
    ask("small", mib);
    const large = ask("large", 100 * mib);
    const after = ["x", "y"].map((tenant) => ask(tenant, 1));
    const good = ask("good", 16 * mib);
    assert.equal(large.state, "waiting");
    underWay()[0]?.end();
    await turns(1);
    assert.deepEqual(underWay(), [good, large]);
    large.end();
    await turns(1);
    assert.deepEqual(underWay(), [good, ...after]);
    assert.deepEqual(tenantsBegun(), ["small", "good", "large", "x", "y"]);
  });

  it("has room for a body of any size beside all that good tenants may have", () => {
    const { asks, ask, underWay } = desk(1_000);
    asks("g", 100, mib);
    assert.equal(sum(underWay()), 64 * mib);
    assert.equal(ask("large", 500 * mib).state, "under way");
  });

  it("does not let a suspect's large body that hangs hold up a good one's", () => {
    const { suspects, ask } = desk(10);
    suspects.add("s");
    assert.equal(ask("s", 100 * mib).state, "under way");
    assert.equal(ask("good", 15 * mib).state, "under way");
  });

  it("begins 20,000 tenants that wait in the order they asked", async () => {
    const { requests } = desk(1);
    const order: number[] = [];
    const all = Array.from(
      { length: 20_000 },
      (_, index) =>
        requests.run(`t-${index}`, 1, () => false, async () => {
          order.push(index);
        }),
    );
    await Promise.all(all);
    assert.deepEqual(order, Array.from(order, (_, index) => index));
  });
});
