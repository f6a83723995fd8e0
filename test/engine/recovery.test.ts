/** What nobody owns and what calls have taught, over restarts and over commits that fail. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openEmbeddedEngine } from "../../src/engine/embedded.ts";
import type { Engine } from "../../src/engine.ts";
import { type Evidence, graceMs } from "../../src/ownership.ts";
import { channels } from "../../src/tenant.ts";
import { temporaryFolder } from "../support/folder.ts";
import { arrive, asked, given, later, whyOf } from "./asked.ts";
import { noon, owner, rules } from "./shared.ts";

const leg = "call_leg_id:l";
const session = "call_session_id:s";
const number = "number:+18005559876";
const silent: Evidence = { legs: [leg], circles: [session], teaches: [session], awaits: true };
const initiated: Evidence = { ...silent, direction: "inbound", numbers: [owner("acme")] };

/** The same log, opened again for each of these. */
async function over(...lives: readonly ((engine: Engine) => Promise<void>)[]): Promise<void> {
  await using folder = await temporaryFolder();
  for (const live of lives) {
    await using engine = await openEmbeddedEngine({ path: folder.file("log.db") });
    await live(engine);
  }
}

describe("over a restart", () => {
  it("what waits is given when its call is known, in the order of arrival", async () => {
    await over(
      async (engine) => void await arrive(engine, { id: "e1", evidence: silent }),
      async (engine) => void await arrive(engine, { id: "e2", evidence: silent }),
      async (engine) => {
        await arrive(engine, { id: "first", evidence: initiated });
        assert.deepEqual(await given(engine), { acme: ["e1", "e2", "first"] });
      },
      async (engine) => {
        assert.equal((await arrive(engine, { id: "e1", evidence: silent })).status, "duplicate");
        await arrive(engine, { id: "last", evidence: silent });
        assert.deepEqual(await given(engine), { acme: ["last"] });
      },
    );
  });

  it("everything is remembered of a call as it was", async () => {
    const guess: Evidence = {
      legs: ["call_leg_id:g"],
      awaits: true,
      sides: {
        inbound: [],
        outbound: [owner("acme")],
      },
    };
    const created: Evidence = {
      ...initiated,
      circles: ["conference_id:f"],
      teaches: ["conference_id:f"],
      conference: "created",
    };
    const keys = [leg, session, "call_leg_id:g", "conference_id:f", "call_leg_id:r"] as const;
    let before: unknown;
    await over(
      async (engine) => {
        await engine.configure(rules());
        await arrive(engine, { id: "e1", evidence: initiated });
        await arrive(engine, {
          id: "e2",
          evidence: { ...initiated, legs: [], numbers: [owner("beta")] },
        });
        await arrive(engine, { id: "e3", evidence: guess });
        await arrive(engine, { id: "e4", evidence: created });
        const had = { tenant: "gone", channels, keys: [number], digest: "1" };
        await engine.belong([had]);
        await engine.belong([{ ...had, channels: [], keys: [], digest: "" }]);
        const barred: Evidence = { legs: ["call_leg_id:r"] };
        await arrive(engine, { id: "e5", evidence: barred, wanted: [number] });
        const numbers = [owner("beta", { of: number })];
        await engine.reclaim([{ ref: 5, evidence: { ...barred, numbers } }]);
        before = await engine.known(keys);
      },
      async (engine) => {
        const known = await engine.known(keys);
        assert.deepEqual(known, before);
        const [one, two, three, four, five] = known;
        assert.deepEqual(one, { tenant: "acme", direction: "inbound", seenAt: noon });
        assert.deepEqual(two, { shared: true, seenAt: noon });
        assert.deepEqual(three, { guess: { tenant: "acme", at: noon }, seenAt: noon });
        assert.deepEqual(four, { tenant: "acme", creator: "acme", seenAt: noon });
        assert.equal(five?.recycled, true);
      },
    );
  });

  it("it is known what has waited, what is given up, and what was copied", async () => {
    const copying = { ...rules(), copies: true, holdMs: 2 * graceMs };
    await over(
      async (engine) => {
        await engine.configure(copying);
        await arrive(engine, { id: "e1", wanted: [number] });
        await arrive(engine, { id: "e2", wanted: [number], at: noon + 2 * graceMs });
        await engine.tend(noon + graceMs, false);
      },
      async (engine) => {
        await engine.configure(copying);
        assert.deepEqual(await given(engine), { unassigned: ["e1"] });
        await engine.tend(noon + graceMs, false);
        assert.deepEqual(await given(engine), {});
        assert.equal((await engine.tend(noon + 2 * graceMs + 1, true)).expired, 1);
      },
      async (engine) => {
        const { held, expired } = await engine.counts();
        assert.deepEqual([held, expired, await whyOf(engine, "e1")], [1, 1, "expired"]);
        assert.equal(await engine.release({ wanted: number }, "acme", 10), 2);
        assert.deepEqual(await given(engine), { acme: ["e1", "e2"] });
      },
    );
  });

  it("a number is not given to a new owner, even if it passed while nothing ran", async () => {
    const had = { tenant: "acme", channels, keys: [number], digest: "1" };
    const none = { ...had, channels: [], keys: [], digest: "" };
    await over(
      async (engine) => {
        await engine.configure(rules());
        await engine.belong([had]);
      },
      async (engine) => {
        await engine.configure(rules());
        assert.deepEqual([...await engine.belongings()], [["acme", "1"]]);
        await engine.belong([none]);
        await arrive(engine, { id: "e1", wanted: [number], at: Date.now() });
      },
      async (engine) => {
        await engine.configure(rules());
        await engine.belong([{ ...had, tenant: "beta" }]);
        const [held] = await engine.held(await engine.naming([number]));
        const evidence = { numbers: [owner("beta", { of: number })] };
        assert.equal(await engine.reclaim([{ ref: held?.ref ?? 0, evidence }]), 0);
        assert.equal(await whyOf(engine, "e1"), "recycled");
      },
    );
  });
});

describe("a commit that fails", () => {
  /** What cannot be recorded: a time that is none. */
  const broken = asked({ id: "broken", at: Number.NaN });

  it("leaves nothing learned and nothing released", async () => {
    await over(async (engine) => {
      await arrive(engine, { id: "e1", evidence: silent });
      const failing = engine.append([asked({ id: "first", evidence: initiated }), broken]);
      await assert.rejects(failing, { code: "store" });
      assert.deepEqual(await engine.known([leg, session]), [undefined, undefined]);
      assert.equal(await whyOf(engine, "e1"), "waiting");
      assert.deepEqual(await given(engine), {});
      await arrive(engine, { id: "e2", evidence: silent });
      assert.equal(await whyOf(engine, "e2"), "waiting");
      assert.equal((await arrive(engine, { id: "first", evidence: initiated })).status, "queued");
      assert.deepEqual(await given(engine), { acme: ["e1", "e2", "first"] });
    }, async (engine) => {
      assert.equal((await engine.counts()).held, 0);
      assert.equal((await engine.known([leg]))[0]?.tenant, "acme");
    });
  });

  it("undoes nothing of what shares it", async () => {
    await over(async (engine) => {
      await arrive(engine, { id: "e1", evidence: silent });
      const results = await Promise.allSettled([
        engine.append([asked({ id: "other", evidence: { numbers: [owner("beta")] } })]),
        engine.append([asked({ id: "first", evidence: initiated }), broken]),
        engine.append([asked({ id: "e2", evidence: silent })]),
        engine.append([asked({ id: "again", evidence: initiated })]),
      ]);
      assert.deepEqual(results.map(({ status }) => status), [
        "fulfilled",
        "rejected",
        "fulfilled",
        "fulfilled",
      ]);
      assert.deepEqual(await given(engine), { acme: ["e1", "e2", "again"], beta: ["other"] });
      assert.equal(await engine.find("first", 100), undefined);
    });
  });

  it("takes back what it learned of what was known before", async () => {
    await over(async (engine) => {
      await arrive(engine, { id: "e1", evidence: initiated });
      const shared = { ...initiated, legs: [], numbers: [owner("beta")] };
      await assert.rejects(engine.append([asked({ id: "e2", evidence: shared }), broken]));
      assert.equal((await engine.known([session]))[0]?.tenant, "acme");
      await engine.tend(later, false);
      await arrive(engine, { id: "e3", evidence: { circles: [session] } });
      assert.deepEqual(await given(engine), { acme: ["e1", "e3"] });
    });
  });
});
