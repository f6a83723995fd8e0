import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createRequests } from "../../src/pipeline/requests.ts";
import { turns } from "../support/clock.ts";

const mib = 1024 * 1024;

interface Asked {
  readonly tenant: string;
  readonly bytes: number;
  /** Whether it counted as a suspect's when it began. */
  suspect: boolean;
  state: "waiting" | "under way" | "ended";
  readonly end: (error?: Error) => void;
  result: Promise<string>;
}

/** Requests that end when a test says so. */
function desk(limit: number) {
  const suspects = new Set<string>();
  const begun: Asked[] = [];
  const set = { limit };
  const requests = createRequests({ limit: () => set.limit });

  function ask(tenant: string, bytes = 1_000): Asked {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const asked: Asked = {
      tenant,
      bytes,
      suspect: false,
      state: "waiting",
      end(error) {
        asked.state = "ended";
        if (error === undefined) resolve(tenant);
        else reject(error);
      },
      result: promise,
    };
    asked.result = requests.run(tenant, bytes, () => suspects.has(tenant), () => {
      asked.state = "under way";
      asked.suspect = suspects.has(tenant);
      begun.push(asked);
      return promise;
    });
    return asked;
  }

  const underWay = () => begun.filter(({ state }) => state === "under way");
  return {
    requests,
    suspects,
    begun,
    ask,
    asks: (tenant: string, count: number) => Array.from({ length: count }, () => ask(tenant)),
    underWay,
    tenantsBegun: () => begun.map(({ tenant }) => tenant),
    limit: (next: number) => set.limit = next,
    /** Ends what is under way, oldest first, until nothing begins any more. */
    async drain() {
      for (let next = underWay()[0]; next !== undefined; next = underWay()[0]) {
        next.end();
        await turns(1);
      }
    },
  };
}

const sum = (all: readonly Asked[]) => all.reduce((bytes, one) => bytes + one.bytes, 0);

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

  it("lets a large body go alone, and is not kept from it by small ones", async () => {
    const { ask, underWay, tenantsBegun } = desk(1_000);
    ask("small", mib);
    const large = ask("large", 100 * mib);
    const after = ["x", "y", "z"].map((tenant) => ask(tenant, 1));
    assert.equal(large.state, "waiting");
    underWay()[0]?.end();
    await turns(1);
    assert.deepEqual(underWay(), [large]);
    large.end();
    await turns(1);
    assert.deepEqual(underWay(), after);
    assert.deepEqual(tenantsBegun(), ["small", "large", "x", "y", "z"]);
  });

  it("does not let a suspect's large body that hangs hold up a good one's", () => {
    const { suspects, ask } = desk(10);
    suspects.add("s");
    assert.equal(ask("s", 100 * mib).state, "under way");
    assert.equal(ask("good", 30 * mib).state, "under way");
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

  const tenant = fc.integer({ min: 0, max: 5 }).map((n) => `t-${n}`);
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ ask: tenant, mib: fc.integer({ min: 1, max: 40 }) }) },
    { weight: 4, arbitrary: fc.record({ end: fc.nat(20), fails: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ turns: tenant }) },
    { weight: 1, arbitrary: fc.record({ limit: fc.integer({ min: 1, max: 9 }) }) },
  );

  it("keeps its bounds over any history, and forgets nobody", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
        const { ask, begun, underWay, suspects, limit, drain } = desk(4);
        const asked: Asked[] = [];
        let slots = 4;
        for (const one of steps) {
          const before = begun.length;
          if ("ask" in one) asked.push(ask(one.ask, one.mib * mib));
          else if ("limit" in one) limit(slots = one.limit);
          else if ("turns" in one) {
            if (!suspects.delete(one.turns)) suspects.add(one.turns);
          } else underWay()[one.end % underWay().length]?.end(one.fails ? new Error() : undefined);
          for (const { result } of asked) result.catch(() => {});
          await turns(1);
          // What was under way before a limit was lowered may go on, but nothing joins it.
          if (begun.length === before) continue;
          const isSuspect = begun.slice(before).some(({ suspect }) => suspect);
          const ofSuspects = underWay().filter(({ suspect }) => suspect);
          assert.ok(underWay().length <= slots);
          assert.ok(!isSuspect || ofSuspects.length <= Math.max(1, Math.floor(slots / 2)));
          for (const suspect of [true, false]) {
            const share = underWay().filter((other) => other.suspect === suspect);
            assert.ok(share.length === 1 || sum(share) <= 32 * mib);
          }
        }
        await drain();
        assert.ok(asked.every(({ state }) => state === "ended"));
        assert.equal(begun.length, asked.length);
        for (let n = 0; n <= 5; n++) {
          const own = (all: readonly Asked[]) => all.filter((other) => other.tenant === `t-${n}`);
          assert.deepEqual(own(begun), own(asked));
        }
      }),
      { numRuns: 200 },
    );
  });
});
