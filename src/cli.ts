/**
 * The command line's way in. The program is loaded after this file has run: loading takes longer
 * than somebody may take who starts the daemon and at once asks it to read its config again.
 */
import process from "node:process";
import { ignoreHangups } from "./signals.ts";

// Keys, tokens and stores are their owner's alone.
process.umask(0o077);
const loading = ignoreHangups();
const { main } = await import("./cli/program.ts");
const ended = main(process.argv.slice(2));
// A daemon listens for itself by now; whatever else was started ends with its terminal.
loading[Symbol.dispose]();
process.exitCode = await ended;
