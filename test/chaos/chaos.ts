/**
 * `node test/run.js test/chaos/chaos.ts`: the real daemon among backends that do whatever backends
 * have ever done. Everything they do follows from the seed, which is printed first. Ends with 1 if
 * anything acknowledged was lost, came to somebody else, out of order, or again without need.
 */
import { randomBytes } from "node:crypto";
import process from "node:process";
import { parseArgs } from "node:util";
import { runChaos } from "./run.ts";

const { values } = parseArgs({
  options: {
    /** Makes a run again. */
    seed: { type: "string", default: String(randomBytes(4).readUInt32BE()) },
    tenants: { type: "string", default: "50" },
    events: { type: "string", default: "20000" },
  },
});
const { seed, tenants, events } = values;

console.log(`seed ${seed}`);
const startedAt = performance.now();
const { findings, told } = await runChaos({
  seed,
  tenants: Number(tenants),
  events: Number(events),
});
for (const [name, counts] of Object.entries(told)) {
  const sorted = Object.entries(counts).sort(([, one], [, other]) => other - one);
  console.log(`${name}: ${sorted.map(([what, count]) => `${what} ${count}`).join(" · ")}`);
}
console.log(`seconds: ${((performance.now() - startedAt) / 1_000).toFixed(1)}`);
for (const finding of findings) console.error(`FOUND ${finding}`);
if (findings.length > 0) {
  const options = `--seed ${seed} --tenants ${tenants} --events ${events}`;
  console.error(`To see it again: node test/run.js test/chaos/chaos.ts ${options}`);
  process.exitCode = 1;
}
