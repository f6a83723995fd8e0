/** A file of cases → webhooks to play and what to expect of them, or every problem at once. */
import { dirname, resolve } from "node:path";
import type { Config, Problem } from "../../config.ts";
import { collectProblems, type Problems } from "../../config/problems.ts";
import { diskWith } from "../../config/surroundings.ts";
import type { Tree } from "../../config/tree.ts";
import { yamlBytesMax } from "../../config/yaml.ts";
import type { AskedAbout } from "../../ownership/explained.ts";
import { readEnvelope } from "../../telnyx/envelope.ts";
import { type Case, type Expected, parseCases, type Written } from "./definition.ts";

/** A webhook to play. */
export type Webhook = Omit<AskedAbout, "receivedAt" | "late">;

/** One case, ready to be played. */
export interface Script {
  readonly name: string;
  /** Where it stands. */
  readonly line: number;
  /** What comes before, in its order. */
  readonly before: readonly Webhook[];
  readonly webhook: Webhook;
  readonly expect: Expected;
}

/** A map of YAML as JSON: every scalar is text there. */
function jsonOf(tree: Tree): unknown {
  if (tree.kind === "scalar") return tree.text;
  if (tree.kind === "list") return tree.items.map(jsonOf);
  if (tree.kind === "empty") return null;
  return Object.fromEntries([...tree.entries].map(([key, { value }]) => [key, jsonOf(value)]));
}

const textOf = (tree: Tree) => tree.kind === "scalar" ? tree.text : JSON.stringify(jsonOf(tree));

function createLoader({ tenants }: Config, problems: Problems) {
  const disk = diskWith({});

  async function textIn({ body, file }: Written): Promise<string> {
    if (file === undefined) return body === undefined ? "" : textOf(body);
    const contents = await disk.read(file.value, yamlBytesMax);
    if ("text" in contents) return contents.text;
    problems.add(file.place, file.field, `${contents.problem}: name a file beside this one`);
    return "";
  }

  function checkSigner({ signed_by: signer }: Written): void {
    if (signer === undefined || !tenants.has(signer.value)) return;
    if (tenants.get(signer.value)?.publicKeys.length) return;
    problems.add(signer.place, signer.field, "has no public_keys of its own: leave it out");
  }

  return async (written: Written): Promise<Webhook> => {
    checkSigner(written);
    const { content_type: contentType, path, signed_by: signer } = written;
    return {
      body: new TextEncoder().encode(await textIn(written)),
      ...(contentType === undefined ? {} : { contentType }),
      ...(path === undefined ? {} : { path }),
      ...(signer === undefined ? {} : { signer: signer.value }),
    };
  };
}

type Load = ReturnType<typeof createLoader>;

/** The webhooks that come before; all of them must be such that they can be recorded. */
async function beforeOf({ name, after }: Case, load: Load, problems: Problems) {
  const before: Webhook[] = [];
  for (const written of after) {
    if (written === undefined || name === undefined) continue;
    const webhook = await load("value" in written ? { ...nothing, file: written } : written);
    before.push(webhook);
    if (problems.found || readEnvelope(webhook.body, webhook.contentType) !== undefined) continue;
    problems.add(name.place, "after", "has a body that is no event: it would be parked");
  }
  return before;
}

const nothing: Written = {
  body: undefined,
  file: undefined,
  path: undefined,
  content_type: undefined,
  signed_by: undefined,
};

/** Reads a file of cases, and the files it names. */
export async function loadCases(
  path: string,
  config: Config,
): Promise<{ readonly scripts: readonly Script[] } | { readonly problems: readonly Problem[] }> {
  const problems = collectProblems();
  const whole = { file: path, position: () => undefined };
  const contents = await diskWith({}).read(resolve(path), yamlBytesMax);
  if ("problem" in contents) problems.add(whole, undefined, contents.problem);
  const folder = dirname(resolve(path));
  const source = { file: path, folder, tenants: [...config.tenants.keys()], problems };
  const cases = "text" in contents ? parseCases(contents.text, source) : [];
  const load = createLoader(config, problems);
  const scripts: Script[] = [];
  for (const one of cases) {
    const before = await beforeOf(one, load, problems);
    const { name, expect } = one;
    const line = name?.place.position()?.line ?? 0;
    const webhook = await load(one);
    scripts.push({ name: name?.value ?? "", line, before, webhook, expect });
  }
  return problems.found ? { problems: problems.list() } : { scripts };
}
