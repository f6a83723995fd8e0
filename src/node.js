/**
 * Which Node runs us, in plain JavaScript: the one that was found where it is new enough, else the
 * one that npm put beside the program as an optional package.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** Older ones have no `using`, and cannot read TypeScript. */
const majorMin = 24;

/** Whether this Node is new enough. */
export const isNewEnough = Number(process.versions.node.split(".")[0]) >= majorMin;

/** The Node beside us. npm's own link to it is not always there: older npm removes it. */
function bundledNode() {
  const isWindows = process.platform === "win32";
  const name = `node-${isWindows ? "win" : process.platform}-${process.arch}`;
  const file = `../node_modules/${name}/bin/${isWindows ? "node.exe" : "node"}`;
  return fileURLToPath(new URL(file, import.meta.url));
}

/**
 * Runs a Node that is new enough with these arguments, and ends as it ends. With a leash the other
 * one hears of it when this process is gone, however that ended: see `followLeash`.
 */
export function handOver(args, { leash = false } = {}) {
  const path = isNewEnough ? process.execPath : bundledNode();
  if (!existsSync(path)) {
    console.error(
      `Cannot start: Node ${majorMin} or newer is needed, this is ${process.versions.node}: ` +
        "install a newer one, or run npm ci without leaving out optional packages",
    );
    process.exit(1);
  }
  const stdio = ["inherit", "inherit", "inherit", ...(leash ? ["ipc"] : [])];
  const child = spawn(path, args, { stdio });
  // Ctrl-C at a terminal reaches the child by itself; a second one would mean: exit now.
  process.on("SIGINT", () => process.stdin.isTTY || child.kill("SIGINT"));
  for (const name of ["SIGTERM", "SIGHUP"]) process.on(name, () => child.kill(name));
  child.on("error", (error) => {
    console.error(`Cannot start ${path}: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

/** Stops in good order when whoever handed over to us is gone. */
export function followLeash() {
  if (process.channel === undefined) return;
  process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
  process.channel.unref();
}
