/** Calls that are gathered, as they are heard of. */
import assert from "node:assert/strict";
import type { Batch } from "../../src/batch.ts";
import type { Engine } from "../../src/engine.ts";
import type { Lane } from "../../src/lane.ts";
import type { Key } from "../../src/event.ts";
import type { Subject } from "../../src/ownership.ts";
import { append, owner, rule, rules, seal } from "./shared.ts";

/** Acme's. */
export const owners = [owner("acme")];
/** How long a session lingers. */
export const lingerMs = 30_000;
/** How long it lasts. */
export const maxAgeMs = 3_600_000;
/** A rule that gathers calls. */
export const session = { by: "call", lingerMs, maxAgeMs } as const;
/** Takes the session that is due. */
export const fromSession = { from: "session", reason: "session" } as const;

/** What a test says of an event of a call: `stage leg`, such as `begins a`. */
function subjectOf(call: string, stage = ""): Subject {
  const [what] = stage.split(" ");
  return {
    about: `call_session_id:${call}`,
    call: `call_session_id:${call}`,
    ...(what === "begins" || what === "ends" ? { stage: what } : {}),
  };
}

const legsOf = (stage = ""): readonly Key[] =>
  stage.split(" ").slice(1).map((leg): Key => `call_leg_id:${leg}`);

/** Records events of calls, so many seconds ago. */
export async function calling(engine: Engine) {
  await engine.configure(rules(rule("acme", { session })));
  const start = Date.now();
  return {
    start,
    async heard(id: string, secondsAgo: number, stage?: string, call = "one", more = {}) {
      const at = start - secondsAgo * 1_000;
      const told = {
        id,
        owners,
        at,
        subject: subjectOf(call, stage),
        legs: legsOf(stage),
        type: "call.x",
        ...more,
      };
      assert.equal((await append(engine, told)).status, "queued");
    },
  };
}

/** Seals the session that is due; one must be. */
export async function sealSession(lane: Lane, more = {}): Promise<Batch> {
  return await seal(lane, { ...fromSession, ...more });
}
