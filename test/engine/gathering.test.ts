/** The rules of sessions, and what is kept of one after everything in it was sealed. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { envelopeLayout } from "../../src/batch/envelope.ts";
import type { Cut } from "../../src/lane.ts";
import type { Copy, CopySubject } from "../../src/engine/copy.ts";
import { openEmbeddedEngine } from "../../src/engine/embedded.ts";
import { openDatabase } from "../../src/engine/embedded/file.ts";
import { openLanes } from "../../src/engine/embedded/lanes.ts";
import { createMemoryLanes } from "../../src/engine/memory/lanes.ts";
import {
  dueAtOf,
  reasonOf,
  type Session,
  sessionEventsMax,
  withEvent,
  withoutRows,
} from "../../src/engine/sessions.ts";
import type { Key } from "../../src/event.ts";
import { temporaryFolder } from "../support/folder.ts";
import { append, cut, idsOf, owner, rule, rules, seal, takeLane } from "./shared.ts";

/** Long ago, so that what lingers from then is over. */
const noon = Date.UTC(2026, 0, 1, 12);

const of = { key: "call_session_id:one", lingerMs: 30_000, maxAgeMs: 600_000 } as const;

/** A copy that came so many ms after noon. */
function copyOf(ms: number, subject: CopySubject = {}, more: Partial<Copy> = {}): Copy {
  return {
    owner: { ...owner("acme"), immediate: false, dropped: false },
    event: ms + 1,
    since: noon + ms,
    occurredAt: noon + ms,
    bytes: 100,
    subject,
    session: of,
    ...more,
  };
}

const leg = (name: string): Key => `call_leg_id:${name}`;
const begins = (name: string): CopySubject => ({ stage: "begins", leg: leg(name) });
const ends = (name: string): CopySubject => ({ stage: "ends", leg: leg(name) });

/** A session after these events, each a second after the one before. */
function after(...subjects: readonly CopySubject[]): Session {
  let session: Session | undefined;
  for (const [index, subject] of subjects.entries()) {
    session = withEvent(session, copyOf(index * 1_000, subject), of);
  }
  assert.ok(session);
  return session;
}

describe("withEvent()", () => {
  it("closes when every leg that began has ended, and lingered", () => {
    assert.equal(after(begins("a")).closesAt, noon + 600_000);
    assert.equal(after(begins("a"), ends("a")).closesAt, noon + 31_000);
    assert.equal(after(begins("a"), ends("a"), {}).closesAt, noon + 31_000);
    assert.equal(after(begins("a"), begins("b"), ends("a")).closesAt, noon + 600_000);
    assert.equal(after(begins("a"), begins("b"), ends("a"), ends("b")).closesAt, noon + 33_000);
    assert.equal(after(begins("a"), ends("a"), begins("b")).closesAt, noon + 600_000);
    assert.equal(after(ends("a"), begins("a"), ends("a")).closesAt, noon + 32_000);
    assert.equal(after({ stage: "begins" }, { stage: "ends" }).closesAt, noon + 31_000);
    assert.equal(after({ stage: "ends" }, { stage: "begins" }).closesAt, noon + 30_000);
  });

  it("opens again for a leg that begins after it was sealed, and lingers for all else", () => {
    const closed = after(ends("a"));
    const sealed = withoutRows(closed, [{ bytes: 100 }]);
    const again = withEvent(sealed, copyOf(700_000, begins("b")), of);
    assert.deepEqual(
      { openedAt: again.openedAt, closesAt: again.closesAt },
      { openedAt: noon + 700_000, closesAt: noon + 1_300_000 },
    );
    assert.equal(withEvent(sealed, copyOf(700_000), of).closesAt, noon + 730_000);
    assert.equal(withEvent(sealed, copyOf(700_000, ends("b")), of).closesAt, noon + 730_000);
  });

  it("never lingers beyond its greatest age", () => {
    const open = after(begins("a"));
    const ended = withEvent(open, copyOf(590_000, ends("a")), of);
    assert.equal(ended.closesAt, noon + 600_000);
  });

  it("does not open what has closed and is not sealed yet", () => {
    const closed = after(ends("a"));
    const late = withEvent(closed, copyOf(40_000, begins("b")), of);
    assert.deepEqual(
      { at: late.closesAt, count: late.count },
      { at: noon + 30_000, count: 2 },
    );
  });

  it("remembers a bounded number of legs, open ones before those that ended", () => {
    const many = Array.from({ length: 64 }, (_, index) => begins(String(index)));
    const full = after(...many);
    const more = withEvent(full, copyOf(70_000, begins("more")), of);
    assert.deepEqual(more.legs, full.legs);
    const freed = withEvent(
      withEvent(full, copyOf(70_000, ends("7")), of),
      copyOf(71_000, begins("x")),
      of,
    );
    assert.equal(Object.keys(freed.legs).length, 64);
    assert.deepEqual([freed.legs[leg("7")], freed.legs[leg("x")]], [undefined, "open"]);
  });

  it("is due at once when too much waits in it", () => {
    const full = { ...after({}), count: sessionEventsMax - 1 };
    assert.equal(reasonOf(full, noon, 1e9), undefined);
    const more = withEvent(full, copyOf(5), of);
    assert.deepEqual([reasonOf(more, noon + 5, 1e9), dueAtOf(more)], ["max_events", noon + 5]);
  });

  it("is in no hurry for a link that works no longer", () => {
    const late = withEvent(undefined, copyOf(5, {}, { expiresAt: noon + 5 }), of);
    assert.equal(dueAtOf(late), noon + 600_005);
  });
});

describe("withoutRows()", () => {
  it("keeps what is urgent until the last of it is taken", () => {
    const urgent = { owner: { ...copyOf(0).owner, immediate: true } };
    const two = withEvent(after({}), copyOf(1, {}, urgent), of);
    const one = withoutRows(two, [{ bytes: 100 }]);
    assert.deepEqual([dueAtOf(one), one.bytes], [noon + 1, 100]);
    const none = withoutRows(one, [{ bytes: 100 }]);
    assert.deepEqual([dueAtOf(none), none.urgent, none.bytes], [undefined, undefined, 0]);
  });
});

const fromSession: Cut = cut({ from: "session", reason: "session", layout: envelopeLayout });
const raw = Buffer.from("{}");
const member = {
  event: { id: "e1", type: "call.x", channel: "voice" as const, receivedAt: noon },
  owner: copyOf(0).owner,
  raw,
  proof: "",
};
const nothing = () => undefined;

describe("forgetSessions()", () => {
  it("forgets sessions in which nothing waits, in memory", () => {
    const lanes = createMemoryLanes({
      stream: "s",
      memberOf: () => member,
      putUrl: nothing,
      gone: nothing,
    });
    lanes.add(copyOf(0, ends("a")));
    assert.equal(lanes.forgetSessions(noon + 1, 10), 0);
    const first = lanes.seal("acme", fromSession);
    lanes.add(copyOf(60_000));
    assert.equal(lanes.seal("acme", fromSession)?.continues, first?.id);
    assert.equal(lanes.forgetSessions(noon + 60_000, 10), 0);
    assert.equal(lanes.forgetSessions(noon + 60_001, 0), 0);
    assert.equal(lanes.forgetSessions(noon + 60_001, 10), 1);
    lanes.add(copyOf(120_000, ends("a")));
    assert.equal(lanes.seal("acme", fromSession)?.continues, undefined);
  });

  it("forgets sessions in which nothing waits, in the log", async () => {
    await using folder = await temporaryFolder();
    const database = openDatabase(folder.file("log.db"));
    const lanes = openLanes(database);
    for (const name of ["one", "two", "three"]) {
      const session = { ...of, key: `call_session_id:${name}` } as const;
      lanes.add(copyOf(0, ends("a"), { session }));
      const acme = lanes.of("acme");
      if (name !== "two") lanes.remove(acme, lanes.olderThan(acme, noon + 1, 2).slice(-1));
    }
    assert.equal(lanes.forgetSessions(noon, 10), 0);
    assert.equal(lanes.forgetSessions(noon + 1, 1), 1);
    assert.equal(lanes.forgetSessions(noon + 1, 10), 1);
    assert.equal(lanes.forgetSessions(noon + 1, 10), 0);
    assert.equal(lanes.gatheredIn("acme"), 1);
    const left = database.prepare("SELECT key FROM session").all();
    assert.deepEqual(left.map(({ key }) => key), ["call_session_id:two"]);
    database.close();
  });
});

describe("a log that is opened again", () => {
  it("knows its sessions, when they close, and what they continue", async () => {
    await using folder = await temporaryFolder();
    const path = folder.file("log.db");
    const start = Date.now();
    const inForce = rules(rule("acme", { session: { by: "call", ...of } }));
    const owners = [owner("acme")];
    const heard = (ago: number, id: string, call: string, more: CopySubject = {}) => {
      const subject = { call: `call_session_id:${call}`, ...more } as const;
      return { id, owners, at: start - ago, subject, expiresAt: start + 3_600_000 };
    };
    const before = await openEmbeddedEngine({ path });
    await before.configure(inForce);
    await append(before, heard(100_000, "hangup", "over", ends("a")));
    const lane = await takeLane(before);
    const first = await seal(lane, fromSession);
    await append(before, heard(60_000, "recording", "over"));
    await append(before, heard(50_000, "initiated", "going", begins("b")));
    await append(before, { id: "urgent", type: "call.urgent", owners, at: start });
    const waiting = lane.waiting();
    const counts = await before.counts();
    await before[Symbol.asyncDispose]();

    await using after = await openEmbeddedEngine({ path });
    await after.configure(inForce);
    const again = await takeLane(after);
    assert.deepEqual(again.waiting(), waiting);
    assert.deepEqual(await after.counts(), counts);
    const second = await seal(again, fromSession);
    assert.deepEqual(await idsOf(again, second), ["recording"]);
    assert.equal(second.continues, first.id);
    assert.equal(again.waiting().sessionAt, start - 50_000 + of.maxAgeMs);
    await append(after, heard(40_000, "ended", "going", ends("b")));
    assert.deepEqual(await idsOf(again, await seal(again, fromSession)), ["initiated", "ended"]);
    assert.deepEqual(await idsOf(again, await seal(again)), ["urgent"]);
  });

  it("puts what comes behind what waits", async () => {
    await using folder = await temporaryFolder();
    const path = folder.file("log.db");
    for (const id of ["e1", "e2", "e3"]) {
      await using engine = await openEmbeddedEngine({ path });
      await append(engine, { id, owners: [owner("acme")] });
    }
    await using engine = await openEmbeddedEngine({ path });
    const lane = await takeLane(engine);
    assert.deepEqual(await idsOf(lane, await seal(lane)), ["e1", "e2", "e3"]);
  });
});
