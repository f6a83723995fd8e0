/** Runs the tests and the benchmark on a Node that is new enough, whatever npm was started with. */
import process from "node:process";
import { fileURLToPath } from "node:url";
import { handOver } from "../src/node.js";

// What the tests start, some hundred processes and threads, need not be compiled anew each time.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(
  new URL("../node_modules/.cache/compiled", import.meta.url),
);
handOver(process.argv.slice(2));
