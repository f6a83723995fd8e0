/** `run`: the daemon in the foreground, until it is told to stop. */
import process from "node:process";
import { AggregatorError } from "../errors.ts";
import { openDaemon } from "../main.ts";
import { onSignals } from "../signals.ts";
import { createLog } from "../telemetry/log.ts";
import { configPathOf, environmentGiven } from "./source.ts";
import { type Command, exits, type Given } from "./command.ts";
import type { Terminal } from "./terminal.ts";

function checkEnvironment(env: Terminal["env"]): void {
  if (env["NODE_TLS_REJECT_UNAUTHORIZED"] !== "0") return;
  throw new AggregatorError(
    "config",
    "Cannot start with NODE_TLS_REJECT_UNAUTHORIZED=0: tenants' certificates must be checked; " +
      "add a private authority with NODE_EXTRA_CA_CERTS instead",
  );
}

async function runDaemon(given: Given, terminal: Terminal): Promise<number> {
  const env = environmentGiven(given, terminal);
  checkEnvironment(env);
  const stop = Promise.withResolvers<string>();
  const reload = new EventTarget();
  using _signals = onSignals({
    stop: stop.resolve,
    exit: () => process.exit(exits.failed),
    reload: () => reload.dispatchEvent(new Event("reload")),
  });
  const options = { configPath: configPathOf(given), env, strict: given.has("strict") };
  await using daemon = await openDaemon({ ...options, sink: process.stdout });
  const { live } = daemon;
  // The outcome is stated as a fact.
  reload.addEventListener("reload", () => void live.reload());
  const failed = daemon.failed.catch(() => undefined);
  const signal = await Promise.race([stop.promise, failed]);
  // What is recorded is safe, and what is broken cannot be closed in good order.
  if (signal === undefined) process.exit(exits.failed);
  createLog(process.stdout, () => live.current.logLevel)({ is: "daemon.stopping", signal });
  return exits.done;
}

/** The default command. */
export const run: Command = {
  name: "run",
  summary: "Run the daemon in the foreground (the default command)",
  about: `It writes its log as JSON lines to standard output. SIGTERM or SIGINT stops it in good
order, a second one exits at once with code 1 (what is recorded is safe), SIGHUP reads the
config again. Where the config is broken it starts with the last good one, if there is one.`,
  options: { strict: { about: "do not fall back to the last good config" } },
  examples: ["aggregator", "aggregator run --config /etc/aggregator/aggregator.yaml --strict"],
  run: runDaemon,
};
