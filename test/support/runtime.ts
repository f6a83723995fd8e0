/** The runtime that runs the tests, for processes that they start. */
import process from "node:process";

/** What comes before a script's path on this runtime. */
export const runArguments: readonly string[] = "Deno" in globalThis ? ["run", "-A"] : [];

/** The executable that runs the tests. */
export const executable: string = process.execPath;

/** The tests' own environment, without what would change a child's behaviour. */
export function childEnv(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const passed = [
    ...["PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH"],
    ...["DENO_DIR", "NODE_COMPILE_CACHE"],
  ];
  const kept = passed.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(kept), ...more };
}
