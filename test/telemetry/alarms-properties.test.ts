import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Fact } from "../../src/telemetry.ts";
import {
  type Alarming,
  attempted,
  circuit,
  dead,
  failing,
  loaded,
  openAlarms,
  recorded,
  refused,
  sealed,
} from "./alarming.ts";

type Step =
  | { readonly fact: Fact }
  | { readonly pass: number }
  | { readonly tenants: readonly string[] };

const ofTenant = fc.constantFrom("a", "b", "c").chain((tenant) =>
  fc.constantFrom<Fact>(
    failing(tenant),
    dead(tenant),
    { is: "tenant.recovered", tenant },
    { is: "tenant.paused", tenant, by: "gone" },
    { is: "tenant.paused", tenant, by: "operator" },
    { is: "tenant.resumed", tenant },
  )
);

const ofAll = fc.constantFrom<Fact>(
  recorded,
  refused,
  sealed,
  loaded,
  { is: "webhook.refused", why: "log_unavailable" },
  { is: "webhook.large_or_encoded", status: 413 },
  { is: "webhook.large_or_encoded", status: 415 },
  { is: "store.broken", why: "disk full" },
  { is: "config.refused", problems: [] },
  { is: "config.unchanged" },
  { is: "clock.suspect", offSeconds: 900 },
  { is: "clock.trusted" },
  circuit("opened"),
  circuit("closed"),
  circuit("opened", true),
  circuit("closed", true),
  attempted("accepted"),
  attempted("accepted", true),
  attempted("again"),
);

const step: fc.Arbitrary<Step> = fc.oneof(
  ofTenant.map((fact) => ({ fact })),
  ofAll.map((fact) => ({ fact })),
  fc.constantFrom(1_000, 30_000, 3_600_000).map((pass) => ({ pass })),
  fc.subarray(["a", "b"]).map((tenants) => ({ tenants })),
);

function take(alarms: Alarming, next: Step): void {
  if ("fact" in next) return alarms.tell(next.fact);
  if ("pass" in next) return alarms.pass(next.pass);
  alarms.tenants.clear();
  for (const tenant of next.tenants) alarms.tenants.add(tenant);
  alarms.tell(loaded);
}

/** What the edges, one after the other, leave raised; each has to be one. */
function leftBy(edges: readonly string[]): readonly string[] {
  const raised = new Set<string>();
  for (const edge of edges) {
    const name = edge.slice(1);
    assert.equal(raised.has(name), edge.startsWith("-"), `${edge} is an edge`);
    if (edge.startsWith("+")) raised.add(name);
    else raised.delete(name);
  }
  return [...raised];
}

/** Alarms with a fact for each edge: what the last such fact said holds. */
const switches: Readonly<Record<string, readonly [string, readonly Fact["is"][]]>> = {
  tenant_failing: ["tenant.failing", ["tenant.recovered"]],
  paused_gone: ["tenant.paused", ["tenant.resumed"]],
  config_refused: ["config.refused", ["config.loaded", "config.unchanged"]],
  clock_suspect: ["clock.suspect", ["clock.trusted"]],
};

/** What these alarms have to be after these steps. */
function expectedOf(steps: readonly Step[]): readonly string[] {
  let present = new Set(["a", "b"]);
  const raised = new Set<string>();
  const isPresent = (name: string) => !name.includes(" ") || present.has(name.slice(-1));
  for (const next of steps) {
    if ("pass" in next) continue;
    if ("tenants" in next) present = new Set(next.tenants);
    const fact: Fact = "fact" in next ? next.fact : loaded;
    const suffix = "tenant" in fact && fact.tenant !== undefined ? ` ${fact.tenant}` : "";
    const isPause = fact.is === "tenant.paused" && fact.by === "operator";
    for (const [alarm, [raises, clears]] of Object.entries(switches)) {
      const name = `${alarm}${suffix}`;
      if (fact.is === raises && !isPause && isPresent(name)) raised.add(name);
      if (clears.includes(fact.is)) raised.delete(name);
    }
    if (fact.is === "config.loaded") {
      for (const name of raised) if (!isPresent(name)) raised.delete(name);
    }
  }
  return [...raised].sort();
}

describe("createAlarms(), whatever happens", () => {
  it("states edges only, and what is raised is what they leave", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 120, size: "max" }), async (steps) => {
        await using alarms = openAlarms();
        for (const next of steps) {
          take(alarms, next);
          assert.deepEqual([...leftBy(alarms.edges)], alarms.names());
        }
      }),
      { numRuns: 150 },
    );
  });

  it("raises what the last fact about it says", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 120, size: "max" }), async (steps) => {
        await using alarms = openAlarms();
        for (const next of steps) take(alarms, next);
        const names = alarms.names().filter((name) => name.replace(/ .*/, "") in switches);
        assert.deepEqual([...names].sort(), expectedOf(steps));
      }),
      { numRuns: 150 },
    );
  });

  it("clears everything that an hour of good news can clear", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80, size: "max" }), async (steps) => {
        await using alarms = openAlarms();
        for (const next of steps) take(alarms, next);
        alarms.pass(3_600_000);
        for (const tenant of ["a", "b"]) {
          alarms.tell({ is: "tenant.recovered", tenant }, { is: "tenant.resumed", tenant });
        }
        alarms.tell(attempted("accepted"), recorded, { is: "clock.trusted" }, loaded);
        assert.deepEqual(alarms.names(), []);
      }),
      { numRuns: 100 },
    );
  });
});
