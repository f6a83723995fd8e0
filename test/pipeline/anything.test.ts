/** A backend that answers anything, at any time, over a real log: what must hold all the same. */
import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Engine } from "../../src/engine.ts";
import type { Answered } from "../../src/pipeline/verdict.ts";
import { stopClock } from "../support/clock.ts";
import { arrive, destination, openEngine, windowRule } from "./shared.ts";
import { type Backend, live, type Request, serve, settableClock } from "./serving.ts";

const minute = 60_000;
const day = 24 * 60 * minute;

/** Answers that come and go. */
const passing: readonly ((request: Request) => Answered)[] = [
  () => ({ status: 200 }),
  () => ({ status: 200, body: "not JSON {" }),
  () => ({ status: 500 }),
  () => ({ status: 404 }),
  () => ({ status: 302 }),
  () => ({ status: 413 }),
  () => ({ status: 422 }),
  () => ({ error: "timeout" }),
  () => ({ status: 429, retryAfter: "7" }),
  () => ({ status: 503, retryAfter: "Fri, 99 Nov 2026 99:99:99 GMT" }),
  () => ({ status: 200, body: '{"failures":[{"id":"unknown"}]}' }),
  ({ ids }) => ({
    status: 200,
    body: JSON.stringify({ batchItemFailures: [{ itemIdentifier: ids[0] }] }),
  }),
];

/** What is always answered to some: poison, and more than fits. */
function lasting({ ids }: Request, limit: number): Answered | undefined {
  if (ids.length > limit) return { status: 413 };
  return ids.includes("e-1") ? { status: 422 } : undefined;
}

const isAccepted = ({ status, body }: Answered) => status === 200 && !body?.includes("ailures");

/** Remembers what was taken, and that no batch ever changed. */
function keeping(backend: Backend) {
  const taken: string[] = [];
  const refused: string[] = [];
  const digests = new Map<string, string>();
  return {
    taken,
    /** How often it was refused alone. */
    refusals: (id: string) => refused.filter((one) => one === id).length,
    backend(request: Request) {
      const digest = hash("sha256", request.bytes);
      assert.equal(digests.get(request.batch.id) ?? digest, digest, "a batch never changes");
      digests.set(request.batch.id, digest);
      const answered = backend(request);
      if (answered.status === 422 && request.ids.length === 1) refused.push(...request.ids);
      const named = answered.body?.includes("batchItem") ? request.ids.slice(1) : [];
      taken.push(...(isAccepted(answered) ? request.ids : named));
      return answered;
    },
  };
}

/** What happens meanwhile. */
type Happening = "nothing" | "restart" | "forward" | "back" | "flush" | "another event";

const leftIn = async (engine: Engine) => {
  const { lanes: [lane] } = await engine.counts();
  return (lane?.waiting ?? 0) + (lane?.sealed ?? 0);
};

/** Says how much is left after an hour. */
async function untilSettled(engine: Engine, pass: () => Promise<void>): Promise<number> {
  for (let times = 0; times < 60 && await leftIn(engine) > 0; times++) await pass();
  return leftIn(engine);
}

describe("a backend that answers anything", () => {
  const happenings = fc.array(
    fc.constantFrom<Happening>(
      ...["nothing", "restart", "forward", "back", "flush", "another event"] as const,
    ),
    { minLength: 1, maxLength: 10 },
  );
  const answers = fc.array(fc.nat(passing.length - 1), { minLength: 20, maxLength: 20 });
  const limits = fc.constantFrom(1, 3, 100);
  const slots = fc.constantFrom(1, 3);

  it("is brought every event, but for those that it refused alone, and again", async () => {
    await fc.assert(
      fc.asyncProperty(
        happenings,
        answers,
        limits,
        slots,
        async (happening, dice, limit, inFlight) => {
          using clock = stopClock();
          using times = settableClock();
          await using engine = await openEngine();
          const ids = Array.from({ length: 8 }, (_, index) => `e-${index}`);
          for (const id of ids) await arrive(engine, id);
          let asked = 0;
          let isCalm = false;
          const { taken, refusals, backend } = keeping((request) => {
            const whim = passing[dice[asked++ % dice.length] ?? 0];
            const answered = isCalm ? undefined : whim?.(request);
            return lasting(request, limit) ?? answered ?? { status: 200 };
          });
          const served = {
            to: { ...destination, inFlight },
            rule: { ...windowRule, eventsMax: 5 },
            pings: dice[0] === 0,
          };
          let running = serve(engine, backend, times, served);
          for (const [at, what] of happening.entries()) {
            await live(clock, minute, 5_000);
            if (what === "restart") {
              await running[Symbol.asyncDispose]();
              running = serve(engine, backend, times, served);
            }
            if (what === "flush") running.steering.flush();
            if (what === "another event") ids.push(`more-${at}`);
            if (what === "another event") await arrive(engine, `more-${at}`);
            if (what === "forward" || what === "back") {
              const byMs = what === "forward" ? 5 * day : -5 * day;
              times.set(byMs);
              await engine.clockSet(byMs, Date.now());
            }
          }
          isCalm = true;
          await live(clock, 10 * minute, 5_000);
          await arrive(engine, "last");
          const left = await untilSettled(engine, () => live(clock, minute, 5_000));
          await running[Symbol.asyncDispose]();
          assert.equal(left, 0, "nothing stalls");
          // Where pings are answered, 5xx for long counts as a refusal too.
          const least = served.pings ? -1 : 1;
          const dead = (await engine.dead({}, 100)).map(({ event }) => event.id);
          const wanted = [...ids, "last"].filter((id) => !taken.includes(id));
          assert.deepEqual(wanted.toSorted(), dead.toSorted());
          assert.ok(dead.every((id) => refusals(id) > least));
        },
      ),
      { numRuns: 30 },
    );
  });
});
