/** One POST through a guarded agent to the URL given, for tests that need another environment. */
import process from "node:process";
import { guardAuthority } from "./guard-certificates.ts";
import { post } from "./guarding.ts";

const [, , url = ""] = process.argv;
console.log(JSON.stringify(await post(url, { authorities: [guardAuthority] })));
