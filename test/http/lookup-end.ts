/** Asks a silent server, gives up, and ends: for the test that nothing keeps a process alive. */
import process from "node:process";
import { createLookup } from "../../src/http/lookup.ts";

const [, , server = ""] = process.argv;
const names = createLookup({ servers: [server], tryMs: 60_000 });
const failed = names.addressesOf("silent.test").then(() => "resolved", ({ code }) => String(code));
names[Symbol.dispose]();
console.log(await failed);
