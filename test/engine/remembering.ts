/** The contract's part about what calls have taught: how long it counts, and for whom not. */
import assert from "node:assert/strict";
import type { Key } from "../../src/event.ts";
import { rememberedMs, seenWithinMs } from "../../src/ownership/learning.ts";
import type { Evidence } from "../../src/ownership.ts";
import { arrive, given, whyOf } from "./asked.ts";
import { lingerMs, maxAgeMs, sealSession, session as gathered } from "./calling.ts";
import type { Promised } from "./contract.ts";
import { acme, between, initiated, leg, other, session, silent } from "./one-call.ts";
import { attempt, noon, rule, rules, takeLane } from "./shared.ts";

function describeRemembered(promised: Promised): void {
  promised("remembers for a day after it was last named", async (engine) => {
    await arrive(engine, { id: "e1", evidence: initiated });
    const known = async () => (await engine.known([leg, session])).map((one) => one?.tenant);
    await engine.tend(noon + rememberedMs + seenWithinMs, true);
    assert.deepEqual(await known(), ["acme", "acme"]);
    await engine.tend(noon + rememberedMs + seenWithinMs + 1, false);
    assert.deepEqual(await known(), ["acme", "acme"], "not before it may");
    await engine.tend(noon + rememberedMs + seenWithinMs + 1, true);
    assert.deepEqual(await known(), [undefined, undefined]);
    const [nothing] = await engine.known(["call_leg_id:none"]);
    assert.equal(nothing, undefined);
  });

  promised("remembers it so much longer when it is named again", async (engine) => {
    await arrive(engine, { id: "e1", evidence: initiated });
    await arrive(engine, { id: "e2", evidence: silent, at: noon + rememberedMs });
    await engine.tend(noon + 2 * rememberedMs, true);
    assert.deepEqual((await engine.known([leg]))[0], {
      tenant: "acme",
      direction: "inbound",
      seenAt: noon + rememberedMs,
    });
  });

  promised("learns nothing from what it cannot read, and from duplicates", async (engine) => {
    await arrive(engine, { id: "e1", evidence: initiated, parked: true });
    assert.deepEqual(await engine.known([leg]), [undefined]);
    await arrive(engine, { id: "e2", evidence: {} });
    await arrive(engine, { id: "e2", evidence: initiated });
    assert.deepEqual(await engine.known([leg]), [undefined]);
  });
}

function describeForgotten(promised: Promised): void {
  const gathering = rules(rule("acme", { session: gathered }));
  const about = "call_session_id:s";
  const numbers = [acme];

  promised("forgets a closed session with its call, and not before it may", async (engine) => {
    await engine.configure(gathering);
    const at = Date.now() - 3 * lingerMs;
    const told = { evidence: { numbers }, subject: { about, stage: "ends" }, at } as const;
    await arrive(engine, { id: "ends", ...told });
    const lane = await takeLane(engine);
    const sealed = async (id: string) => {
      await arrive(engine, { id, ...told });
      const batch = await sealSession(lane);
      await lane.settle(batch.id, attempt(1), { as: "accepted" });
      return batch;
    };
    const first = await sealed("more");
    await engine.tend(at + 2 * rememberedMs, false);
    assert.equal((await sealed("follows")).continues, first.id);
    await engine.tend(at + 2 * rememberedMs, true);
    assert.equal((await sealed("anew")).continues, undefined);
  });
}

function describeOwnAccounts(promised: Promised): void {
  const account = rules(rule("acme", { ownAccount: true }));

  promised("give a tenant nothing by what its calls taught before", async (engine) => {
    await arrive(engine, { id: "e1", evidence: initiated });
    await engine.configure(account);
    await arrive(engine, { id: "e2", evidence: silent });
    assert.equal(await whyOf(engine, "e2"), "unknown");
    assert.deepEqual(await given(engine), { acme: ["e1"] });
    assert.equal((await engine.known([leg]))[0]?.tenant, undefined);
  });

  promised("give a tenant nothing that was held before, though it named it", async (engine) => {
    await arrive(engine, { id: "e1", evidence: between });
    await engine.configure(account);
    await arrive(engine, { id: "e2", evidence: { legs: [leg], direction: "outbound" } });
    assert.deepEqual(await given(engine), {});
  });

  promised("leave a call's session open until its last leg ends", async (engine) => {
    await engine.configure(rules(rule("acme", { ownAccount: true, session: gathered })));
    const now = Date.now();
    const about = "call_session_id:s";
    const heard = (id: string, key: Key, stage: "begins" | "ends", ago: number) =>
      arrive(engine, {
        id,
        at: now - ago,
        signer: "acme",
        evidence: { numbers: [acme] },
        subject: { about, stage, leg: key },
      });
    await heard("e1", leg, "begins", 20_000);
    await heard("e2", other, "begins", 19_000);
    await heard("e3", leg, "ends", 10_000);
    const lane = await takeLane(engine);
    assert.equal(lane.waiting().sessionAt, now - 20_000 + maxAgeMs);
    await heard("e4", other, "ends", 5_000);
    assert.equal(lane.waiting().sessionAt, now - 5_000 + lingerMs);
  });

  promised("give a tenant what its own signed", async (engine) => {
    await engine.configure(account);
    const evidence: Evidence = { numbers: [acme] };
    await arrive(engine, { id: "e1", evidence, signer: "acme" });
    assert.deepEqual(await given(engine), { acme: ["e1"] });
  });
}

/** Says what is remembered of calls. */
export function describeRemembering(promised: Promised): void {
  describeRemembered(promised);
  describeForgotten(promised);
  describeOwnAccounts(promised);
}
