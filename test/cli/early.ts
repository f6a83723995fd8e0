/** The program in a process that sends itself a SIGHUP whenever it begins to listen for one. */
import process from "node:process";

process.on("newListener", (name) => {
  // The listener is added right after this.
  if (name === "SIGHUP") queueMicrotask(() => process.kill(process.pid, name));
});

await import("../../src/cli.ts");
