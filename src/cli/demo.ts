/** `demo`: the main job, end to end, without an account and without a config. */
import process from "node:process";
import { messageOf } from "../errors.ts";
import { sleep } from "../flow/sleep.ts";
import { onSignals } from "../signals.ts";
import { durationOption, numberOption } from "./arguments.ts";
import { type Command, exits, type Given } from "./command.ts";
import { type Moment, moments } from "./demo/moments.ts";
import { createShow, type Show } from "./demo/show.ts";
import { openStage, type Stage } from "./demo/stage.ts";
import type { Terminal } from "./terminal.ts";

/** A machine on which the moments take longer has something wrong with it. */
const momentsMsMax = 60_000;
/** What was accepted last is given so long to arrive. */
const arrivalMsMax = 30_000;
const trafficEveryMs = 600;
/** Samples without an id are left out: the books are kept by id. */
const draws = 20;

/** Plays every moment; gives those that did not come about. */
async function playAll(stage: Stage, show: Show, end: AbortSignal): Promise<readonly Moment[]> {
  const missing: Moment[] = [];
  for (const [index, moment] of moments.entries()) {
    if (!end.aborted) show.story(index + 1, moment.story);
    const isSeen = end.aborted ? () => false : await moment.act(stage, end);
    await stage.until(isSeen, end);
    if (isSeen()) show.seen(moment.seen);
    else missing.push(moment);
  }
  return missing;
}

function nextSample(stage: Stage, tenant: string) {
  const samples = stage.samplesOf(tenant);
  for (let draw = 0; draw < draws; draw++) {
    const sample = samples.next();
    if (sample.id !== undefined) return sample;
  }
  return samples.of("messageIn");
}

/** Calls and messages for everybody in turn. */
async function traffic(stage: Stage, end: AbortSignal): Promise<void> {
  for (let turn = 0; !end.aborted; turn++) {
    const tenant = stage.tenants[turn % stage.tenants.length] ?? "acme";
    await stage.send(tenant, nextSample(stage, tenant));
    await sleep(trafficEveryMs, end);
  }
}

function tellMoments(missing: readonly Moment[], wasStopped: boolean, show: Show): void {
  show.say("\nShown:");
  for (const moment of moments) {
    if (!missing.includes(moment)) show.seen(moment.title);
    else if (!wasStopped) show.missed(`${moment.title}: not seen`);
  }
}

/** Says what the books say; whether they are in order. */
function tellBooks({ ledger }: Stage, show: Show): boolean {
  const { accepted, arrived, batches } = ledger.totals();
  const missing = ledger.missing();
  const lost = missing === 0 ? [] : [`${missing} accepted events did not arrive`];
  const wrongs = [...ledger.wrongs, ...lost];
  for (const wrong of wrongs) show.missed(wrong);
  const counts = `${accepted} events accepted, ${arrived} arrived in ${batches} payloads`;
  if (wrongs.length > 0) show.missed(counts);
  else show.seen(`${counts}, each once and at its own tenant`);
  return wrongs.length === 0;
}

interface Ends {
  /** Aborts at Ctrl-C. */
  readonly stopped: AbortSignal;
  /** From the start, in ms; undefined: until Ctrl-C. */
  readonly forMs: number | undefined;
}

async function perform(stage: Stage, show: Show, { stopped, forMs }: Ends): Promise<number> {
  const startedAt = performance.now();
  const { address, adminAddresses: [admin = ""], token } = stage.daemon;
  show.begin(`${address}/webhooks/ingest`, admin, token);
  const end = AbortSignal.any([stopped, AbortSignal.timeout(momentsMsMax)]);
  const missing = await playAll(stage, show, end);
  if (missing.length === 0) {
    show.say(`\nCalls and messages go on${forMs === undefined ? ", until Ctrl-C" : ""}.`);
    if (forMs === undefined) show.say(`  admin     ${admin}  token ${token}`);
    const restMs = forMs === undefined ? undefined : forMs - (performance.now() - startedAt);
    const rest = restMs === undefined ? [] : [AbortSignal.timeout(Math.max(0, Math.round(restMs)))];
    await traffic(stage, AbortSignal.any([stopped, ...rest]));
  }
  const isSettled = () => stage.ledger.missing() === 0;
  await stage.until(isSettled, AbortSignal.timeout(arrivalMsMax));
  tellMoments(missing, stopped.aborted, show);
  const fine = tellBooks(stage, show);
  return fine && (missing.length === 0 || stopped.aborted) ? exits.done : exits.failed;
}

async function runDemo(given: Given, terminal: Terminal): Promise<number> {
  const forMs = durationOption(given, "for");
  const port = numberOption(given, "port", [0, 65_535]) ?? 0;
  const show = createShow(terminal);
  const stop = new AbortController();
  // Heard until everything is closed; a reload is not needed, the daemon watches its file.
  using _signals = onSignals({
    stop: () => stop.abort(),
    exit: () => process.exit(exits.failed),
    reload: () => {},
  });
  await using stage = await openStage({ port, arrived: show.arrival });
  const failed = stage.daemon.failed.catch((error) => {
    terminal.complain(`The daemon failed: ${messageOf(error)}`);
    return exits.failed;
  });
  return await Promise.race([perform(stage, show, { stopped: stop.signal, forMs }), failed]);
}

/** Real parts throughout: only Telnyx and the tenants are played. */
export const demo: Command = {
  name: "demo",
  summary: "See it work on this machine: no account, no config",
  about: `The real daemon on a free port, a Telnyx that really signs, and tenants' backends that
really verify, one of which is down for a while. Everything is in a temporary folder that is
removed at the end. It exits with 1 when something it should show did not come about, or an
event did not arrive exactly once at its own tenant.`,
  options: {
    for: { value: "20s", about: "end by itself after so long (default: at Ctrl-C)" },
    port: { value: "N", about: "the webhook listener's port (default: a free one)" },
  },
  examples: ["aggregator demo", "aggregator demo --for 20s", "aggregator demo --port 8080"],
  run: runDemo,
};
