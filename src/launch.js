#!/usr/bin/env node
/**
 * The way in, in plain JavaScript: it runs on any Node, and where that is too old the program runs
 * on the one that `npm ci` put beside it, or says clearly what is missing.
 */
import process from "node:process";
import { followLeash, handOver, isNewEnough } from "./node.js";

if (isNewEnough) {
  followLeash();
  await import("./cli.ts");
} else handOver(process.argv.slice(1), { leash: true });
