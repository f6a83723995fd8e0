#!/usr/bin/env node
/**
 * The way in, in plain JavaScript: it runs on any Node, and says clearly what is missing where the
 * program itself could only fail with a syntax error. Where the Node that was found is too old, the
 * one that `npm ci` put beside the program is used.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

const majorMin = 24;
const major = Number(process.versions.node.split(".")[0]);
const bundled = fileURLToPath(new URL("../node_modules/.bin/node", import.meta.url));

/** Runs this file again under another Node, and ends as it ends. */
function handOver(path) {
  const child = spawn(path, process.argv.slice(1), { stdio: "inherit" });
  // Ctrl-C at a terminal reaches the child by itself; a second one would mean: exit now.
  process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
  for (const name of ["SIGTERM", "SIGHUP"]) process.on(name, () => child.kill(name));
  child.on("exit", (code, signal) => process.exit(code ?? (signal === null ? 1 : 128)));
}

if (major >= majorMin) {
  await import("./cli.ts");
} else if (existsSync(bundled) && process.env["AGGREGATOR_LAUNCHED"] === undefined) {
  process.env["AGGREGATOR_LAUNCHED"] = "1";
  handOver(bundled);
} else {
  console.error(
    `Cannot start: Node ${majorMin} or newer is needed, this is ${process.versions.node}: ` +
      "install a newer one, or run npm ci where it is not disabled to omit optional packages",
  );
  process.exit(1);
}
