/** Runs the tests and the benchmark on a Node that is new enough, whatever npm was started with. */
import process from "node:process";
import { handOver } from "../src/node.js";

handOver(process.argv.slice(2));
