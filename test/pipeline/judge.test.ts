import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Verdict } from "../../src/delivery.ts";
import { looksTroubled } from "../../src/pipeline/judge.ts";
import {
  batch,
  hour,
  many,
  minute,
  now,
  of,
  old,
  settled,
  suspect,
  tired,
  tried,
  trouble,
} from "./judging.ts";

const refused = { is: "refused" } as const;
const again = { is: "again" } as const;
const tooLarge = { is: "too_large" } as const;

describe("judge() of an acceptance", () => {
  it("ends the batch, however it went before", () => {
    const worn = { batch: { ...many, ...old }, attempts: 99, trouble };
    assert.deepEqual(of({ is: "accepted" }), { settlement: { as: "accepted" }, url: "works" });
    assert.deepEqual(of({ is: "accepted" }, worn), of({ is: "accepted" }));
  });

  it("pauses the tenant at a 410, however old the batch is", () => {
    const gone = { settlement: { as: "gone", destination: "there" }, url: "answers" };
    assert.deepEqual(of({ is: "gone" }), gone);
    assert.deepEqual(of({ is: "gone" }, { batch: { ...batch, ...old }, ...tried }), gone);
    const other = { settlement: { as: "again" }, url: "fails", pauseMs: hour };
    assert.deepEqual(of({ is: "gone" }, { failover: true }), other, "the first may come back");
  });
});

describe("judge() of a list of failures", () => {
  const members = ["a", "b", "c", "b"].map((id) => ({ id, since: now - 1_000 }));
  const partly = (...failures: readonly (readonly [string, boolean])[]): Verdict => ({
    is: "partly",
    failures: failures.map(([id, retry]) => ({ id, retry })),
  });
  const whole = { ...many, count: 4 };

  it("takes what it names out of the batch", () => {
    assert.deepEqual(of(partly(["b", true], ["c", false]), { batch: whole, members }), {
      settlement: {
        as: "partly",
        again: [1, 3],
        dead: [{ member: 2, reason: "refused for good by its receiver" }],
        notBefore: now + 2_000,
      },
      url: "works",
    });
  });

  it("takes a URL that takes nothing for one that fails, unless it took others lately", () => {
    const all = partly(["a", true], ["b", false], ["c", true]);
    const named = { batch: { ...many, count: 4 }, members };
    assert.equal(of(all, named).url, "fails");
    assert.equal(of(all, { ...named, deliveredAt: now - minute + 1 }).url, "refuses");
  });

  it("waits longer each time that its events come back", () => {
    const returned = { ...whole, returned: { times: 3 } };
    const settlement = settled(partly(["a", true]), { batch: returned, members });
    assert.ok(settlement.as === "partly");
    assert.equal(settlement.notBefore, now + 16_000);
  });

  it("trusts nothing of a list that names what was not sent", () => {
    const unknown = partly(["a", false], ["z", true]);
    const whole = { batch: { ...many, count: 4 }, members };
    assert.deepEqual(of(unknown, whole), { settlement: { as: "again" }, url: "fails" });
  });

  it("gives up those that are too old, and no others", () => {
    const aged = members.map((member, at) =>
      at === 0 ? { ...member, since: now - 73 * hour } : member
    );
    const failed = partly(["a", true], ["c", true]);
    const told = { batch: { ...whole, ...old }, members: aged };
    const early = settled(failed, { ...told, attempts: 9 });
    assert.ok(early.as === "partly");
    assert.deepEqual([early.again, early.dead], [[0, 2], []]);
    const late = settled(failed, { ...told, ...tried });
    assert.ok(late.as === "partly");
    assert.deepEqual([late.again, late.dead], [[2], [{ member: 0, reason: tired }]]);
  });
});

describe("judge() of a batch that is too large", () => {
  it("splits it at once, and not what is alone", () => {
    const split = { settlement: { as: "split" }, url: "refuses" };
    assert.deepEqual(of(tooLarge, { batch: many }), split);
    assert.deepEqual(of(tooLarge, { batch: { ...many, ...old }, ...tried }), split);
    const aside = { as: "aside", notBefore: now + 2_000 };
    assert.deepEqual(of(tooLarge, { deliveredAt: now }), { settlement: aside, url: "refuses" });
  });

  it("takes the URL for one that fails when nothing else was accepted for a while", () => {
    const silent = { deliveredAt: now - minute };
    assert.equal(of(tooLarge, silent).url, "fails");
    assert.equal(of(tooLarge).settlement.as, "aside");
    const { url, pauseMs } = of(tooLarge, { ...silent, batch: suspect });
    assert.deepEqual([url, pauseMs], ["refuses", 4_000], "what came back says nothing new");
  });

  it("says nothing of whether it is poison, whatever else was accepted", () => {
    const settlement = settled(tooLarge, { batch: suspect, deliveredAt: now, ...tried });
    const refusedAt = suspect.returned?.refusedAt;
    assert.deepEqual(settlement, { as: "aside", notBefore: now + 4_000, refusedAt });
  });

  it("gives it up alone when it is too old, counting how often it came back", () => {
    const returned = (times: number) => ({ ...batch, ...old, returned: { times } });
    assert.equal(settled(tooLarge, { batch: returned(8) }).as, "aside");
    assert.equal(settled(tooLarge, { batch: returned(9) }).as, "dead");
  });

  it("leaves the URL alone for as long as it asks", () => {
    const wish = { is: "too_large", notBeforeMs: 90_000 } as const;
    assert.equal(of(wish, { batch: many }).pauseMs, 90_000);
    for (const deliveredAt of [0, now]) {
      const { settlement, pauseMs } = of(wish, { deliveredAt });
      assert.deepEqual(settlement, { as: "aside", notBefore: now + 90_000 });
      assert.equal(pauseMs, 90_000);
    }
  });
});

describe("judge() of a batch that is refused", () => {
  const aside = { as: "aside", notBefore: now + 2_000, refusedAt: now };

  it("tries it once more, after a pause", () => {
    for (const one of [batch, many]) {
      assert.deepEqual(of(refused, { batch: one }), {
        settlement: { as: "again" },
        url: "refuses",
        pauseMs: 2_000,
      });
    }
    assert.equal(of({ is: "refused", notBeforeMs: 70_000 }).pauseMs, 70_000);
  });

  it("splits it then, until an event is alone, which goes beside the lane", () => {
    assert.deepEqual(settled(refused, { batch: many, refusals: 2 }), { as: "split" });
    assert.deepEqual(settled(refused, { refusals: 2 }), aside);
  });

  it("does not try again at once what was refused alone before", () => {
    assert.deepEqual(settled(refused, { batch: suspect }), { ...aside, notBefore: now + 4_000 });
  });

  it("takes it for poison when others were accepted since, and not otherwise", () => {
    const dead = { as: "dead", reason: "refused while others were accepted", olderThan: 0 };
    const accepted = (deliveredAt: number) => settled(refused, { batch: suspect, deliveredAt });
    assert.deepEqual(accepted(now - hour + 1), dead);
    assert.equal(accepted(now - hour).as, "aside");
    assert.equal(accepted(now - 2 * hour).as, "aside");
    assert.equal(
      settled(refused, { refusals: 2, deliveredAt: now }).as,
      "aside",
      "not refused before",
    );
  });

  it("takes the URL for one that fails when too many are beside the lane", () => {
    const full = { refusals: 2, refused: 16 };
    assert.equal(settled(refused, { refusals: 2, refused: 15 }).as, "aside");
    assert.deepEqual(of(refused, full), { settlement: { as: "again" }, url: "fails" });
    assert.equal(of({ is: "refused", notBeforeMs: 9_000 }, full).pauseMs, 9_000);
    const patient = { ...batch, sealedAt: now - minute };
    assert.deepEqual(settled(refused, { ...full, batch: patient }), aside);
    const working = { ...full, deliveredAt: now - minute + 1 };
    assert.deepEqual(settled(refused, working), aside, "it accepts others");
    assert.equal(settled(refused, { ...full, batch: many }).as, "split");
  });

  it("gives it up alone when it is too old, although nothing was accepted", () => {
    const olderThan = now - 72 * hour;
    const dead = { as: "dead", reason: tired, olderThan };
    assert.deepEqual(settled(refused, { batch: { ...suspect, ...old }, ...tried }), dead);
    assert.equal(settled(refused, { batch: { ...many, ...old }, ...tried }).as, "split");
  });
});

describe("judge() of anything else", () => {
  it("tries again, no sooner than asked", () => {
    assert.deepEqual(of(again), { settlement: { as: "again" }, url: "fails" });
    const wish = of({ is: "again", notBeforeMs: 90_000 });
    assert.deepEqual(wish, { settlement: { as: "again" }, url: "fails", pauseMs: 90_000 });
  });

  it("gives up what is too old, and all that waits as long", () => {
    const dead = { as: "dead", reason: tired, olderThan: now - 72 * hour };
    const aged = { batch: { ...many, ...old }, ...tried };
    assert.deepEqual(of(again, aged), { settlement: dead, url: "fails" });
    assert.equal(settled(again, { ...aged, attempts: 9 }).as, "again");
    assert.equal(settled(again, { ...aged, steadyMs: 10 * minute - 1 }).as, "again");
    const young = { ...many, ...old, youngestAt: now - 71 * hour };
    assert.equal(settled(again, { ...aged, batch: young }).as, "again", "one is young");
  });

  it("does not count pauses, nor what a clock leapt over", () => {
    const aged = { batch: { ...many, ...old }, ...tried };
    const halt = (ms: number) => [{ from: now - 40 * hour - ms, until: now - 40 * hour }];
    assert.equal(settled(again, { ...aged, halts: halt(2 * hour) }).as, "again");
    assert.equal(settled(again, { ...aged, halts: halt(hour / 2) }).as, "dead");
  });

  it("begins to count a refusal anew as long as nothing else is accepted", () => {
    const since = (deliveredAt: number) => {
      const settlement = settled(again, { batch: suspect, deliveredAt, trouble, attempts: 2 });
      return settlement.as === "aside" ? settlement.refusedAt : undefined;
    };
    const refusedAt = now - hour;
    assert.equal(since(refusedAt), now);
    const young = { ...batch, returned: { times: 1, refusedAt: now - minute } };
    const kept = settled(again, { batch: young, deliveredAt: now, trouble, attempts: 2 });
    assert.ok(kept.as === "aside");
    assert.equal(kept.refusedAt, now - minute);
  });

  it("treats 5xx for long from a URL that answers others as a refusal", () => {
    assert.equal(settled(again, { batch: many, attempts: 8, trouble }).as, "split");
    const { settlement, url } = of(again, { attempts: 8, trouble });
    assert.deepEqual([settlement.as, url], ["aside", "refuses"]);
    const silent = { ...trouble, othersAnswered: false };
    assert.equal(settled(again, { batch: many, attempts: 8, trouble: silent }).as, "again");
    for (const short of [{ times: 7 }, { forMs: 10 * minute - 1 }]) {
      const told = { batch: many, attempts: 8, trouble: { ...trouble, ...short } };
      assert.equal(settled(again, told).as, "again");
    }
  });

  it("needs two attempts of what a split has brought out", () => {
    const part = { ...many, returned: { times: 1 } };
    assert.equal(looksTroubled(part, 1, trouble), false);
    const first = { times: 2, forMs: 1, othersAnswered: true };
    assert.equal(settled(again, { batch: part, attempts: 2, trouble: first }).as, "split");
  });

  it("gives it up alone only when it fails again and again while others are accepted", () => {
    const alone = (ms: number, times = 8) => ({
      batch: { ...batch, returned: { times: 1, refusedAt: now - ms } },
      attempts: 2,
      trouble: { ...trouble, times },
      deliveredAt: now,
    });
    const dead = { as: "dead", reason: "failed while others were accepted", olderThan: 0 };
    assert.deepEqual(settled(again, alone(10 * minute)), dead);
    assert.equal(settled(again, alone(9 * minute)).as, "aside");
    assert.equal(settled(again, { ...alone(hour), deliveredAt: now - hour }).as, "aside");
    const { settlement, url, pauseMs } = of(again, alone(hour, 7));
    assert.deepEqual([settlement.as, url, pauseMs], ["again", "refuses", minute]);
  });
});
