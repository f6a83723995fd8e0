/** A folder with a config in it, and what its tests need again and again. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Config, describeProblem } from "../../src/config.ts";
import { loadConfig } from "../../src/config/load.ts";

/** The public key of RFC 8032's first test. */
export const publicKey = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

/** Of RFC 8032's second test: a tenant's own. */
export const tenantKey = "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=";

/** The smallest useful file. */
export const smallest = `telnyx:
  public_keys: [${publicKey}]
tenants:
  acme:
    phone_numbers: ["+18005559876"]
    callback_url: https://hooks.acme.example/telnyx
`;

/** A file with a tenant per name, each with a number of its own. */
export function withTenants(...ids: readonly string[]): string {
  const tenants = ids.map((id, index) =>
    `  ${id}: { phone_numbers: ["+1800555${
      1000 + index
    }"], callback_url: https://${id}.example/ }\n`
  );
  return `telnyx: { public_keys: [${publicKey}] }\ntenants:\n${tenants.join("")}`;
}

/** The smallest file with its tenant's own lines replaced. */
export function tenantWith(lines: string, top = ""): string {
  const indented = lines.split("\n").map((line) => `    ${line}\n`).join("");
  return `telnyx: { public_keys: [${publicKey}] }\n${top}tenants:\n  acme:\n` +
    `    callback_url: https://hooks.acme.example/\n${indented}`;
}

/** A folder that goes away with its scope. */
export interface Folder extends AsyncDisposable {
  readonly path: string;
  file(name: string): string;
  write(name: string, text: string | Uint8Array): Promise<void>;
}

/** Makes a folder with these files. */
export async function folderWith(files: Readonly<Record<string, string>> = {}): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), "aggregator-config-"));
  const file = (name: string) => join(path, name);
  const write = async (name: string, text: string | Uint8Array) => {
    await mkdir(dirname(file(name)), { recursive: true });
    await writeFile(file(name), text);
  };
  for (const [name, text] of Object.entries(files)) await write(name, text);
  return {
    path,
    file,
    write,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

type Env = Readonly<Record<string, string | undefined>>;

/** What loading a file (and others beside it) comes to: the config, or problems as told. */
export async function load(
  text: string,
  { env = {}, files = {} }: { env?: Env; files?: Readonly<Record<string, string>> } = {},
): Promise<{ config?: Config; problems: readonly string[] }> {
  await using folder = await folderWith({ ...files, "aggregator.yaml": text });
  const loaded = await loadConfig({ path: folder.file("aggregator.yaml"), env });
  if ("config" in loaded) return { config: loaded.config, problems: [] };
  return { problems: loaded.problems.map(describeProblem) };
}

/** The config of a file that must be good. */
export async function good(...args: Parameters<typeof load>): Promise<Config> {
  const { config, problems } = await load(...args);
  if (config === undefined) throw new Error(problems.join("\n"));
  return config;
}

/** Waits until it holds, for at most ten seconds. */
export async function eventually(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error("It did not come about in ten seconds");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
