/** The house rules that a machine can check; the README's "How the code is laid out" has the rest. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

interface Source {
  /** `src/pipeline/verify.ts` */
  readonly name: string;
  readonly lines: readonly string[];
  readonly text: string;
}

function sourcesOf(folder: string): Source[] {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  return names.filter((name) => /\.(ts|js)$/.test(name)).map((name) => {
    const text = readFileSync(join(root, folder, name), "utf8");
    return { name: join(folder, name), text, lines: text.split("\n") };
  });
}

const sources = sourcesOf("src");
const tests = sourcesOf("test");
const all = [...sources, ...tests];

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typesOnly: boolean;
}

/** Imports of our own files; `export … from` and dynamic ones too. */
function importsOf({ name, text }: Source): Import[] {
  const found = text.matchAll(
    /(?:import|export)\s+(type\s)?([^"'();]*?)\s*from\s+"(\.[^"]+)"|import\("(\.[^"]+)"\)|import\s+"(\.[^"]+)"|new URL\("(\.[^"]+\.ts)"/g,
  );
  return [...found].map(([, type, names = "", ...paths]) => {
    const path = paths.find((candidate) => candidate !== undefined) ?? "";
    const named = [...names.matchAll(/[{,]\s*(type\s+)?[\w$]+/g)];
    const typesOnly = type !== undefined ||
      (named.length > 0 && named.every(([, mark]) => mark !== undefined));
    return { from: name, to: relative(root, resolve(root, dirname(name), path)), typesOnly };
  });
}

const imports = sources.flatMap(importsOf);

function describeAll(found: readonly string[]): string {
  return `\n  ${found.join("\n  ")}\n`;
}

function assertNone(found: readonly string[]): void {
  assert.equal(found.length, 0, describeAll(found));
}

/** Where in these sources a line matches. */
function matching(where: readonly Source[], expression: RegExp): string[] {
  return where.flatMap(({ name, lines }) =>
    lines.flatMap((line, index) =>
      expression.test(line) ? [`${name}:${index + 1}: ${line.trim()}`] : []
    )
  );
}

const opensFunction =
  /^\s*(?!if|for|while|switch|catch|else|return\b|describe)[^/*]*(\bfunction\b.*|=>|\)(: [^=]+)?) \{$/;

interface Length {
  readonly where: string;
  readonly lines: number;
}

/** The functions of a formatted file: each ends at the next line with its own indentation. */
function functionsOf({ name, lines }: Source): Length[] {
  return lines.flatMap((line, index) => {
    if (!opensFunction.test(line) || /^\s*describe/.test(line)) return [];
    const indent = /^\s*/.exec(line)?.[0] ?? "";
    const end = lines.findIndex((later, at) => at > index && later.startsWith(`${indent}}`));
    return end < 0 ? [] : [{ where: `${name}:${index + 1}`, lines: end - index + 1 }];
  });
}

const nouns = [
  "address",
  "batch",
  "config",
  "delivery",
  "directory",
  "engine",
  "errors",
  "event",
  "held",
  "lane",
  "number",
  "ownership",
  "telemetry",
  "tenant",
].map((noun) => `src/${noun}.ts`);

/** Whether one file may import another, and why not. */
function forbidden({ from, to, typesOnly }: Import): string | undefined {
  if (nouns.includes(from) && !nouns.includes(to)) return "a noun imports nouns only";
  if (from.startsWith("src/flow/") && !to.startsWith("src/flow/")) {
    return "flow imports nothing of ours";
  }
  if (from.startsWith("src/telnyx/") && !to.startsWith("src/telnyx/") && !nouns.includes(to)) {
    return "telnyx imports nouns only";
  }
  const mayOwnership = nouns.includes(to) || /^src\/(telnyx|ownership)\//.test(to);
  if (from.startsWith("src/ownership/") && !mayOwnership) {
    return "ownership imports nouns and telnyx";
  }
  const inPipeline = from.startsWith("src/pipeline/");
  const mayPipeline = nouns.includes(to) ||
    /^src\/(flow|telnyx|ownership|pipeline)\//.test(to);
  if (inPipeline && !mayPipeline && !typesOnly) {
    return "a stage imports nouns, flow, telnyx, ownership and types";
  }
  const joins = inPipeline || from === "src/pipeline.ts" || from === "src/main.ts";
  if (to.startsWith("src/pipeline/") && !joins && !typesOnly) {
    return "stages are joined in pipeline.ts";
  }
  const names = from === "src/main.ts" || from.startsWith("src/cli") ||
    from.startsWith("src/engine/");
  if (to.startsWith("src/engine/") && !names && !(from === "src/engine.ts")) {
    return "an engine is named in main.ts, the command line and its own folder";
  }
  return undefined;
}

describe("sources", () => {
  it("have lines of at most 100 characters", () => {
    assertNone(
      all.flatMap(({ name, lines }) =>
        lines.flatMap((line, index) => line.length > 100 ? [`${name}:${index + 1}`] : [])
      ).filter((where) => !where.startsWith("test/tidy.test.ts")),
    );
  });

  it("have at most 300 lines", () => {
    const long = all.filter(({ lines }) => lines.length > 301);
    assertNone(long.map(({ name, lines }) => `${name}: ${lines.length}`));
  });

  it("have functions of at most 70 lines, half of them of at most 8", () => {
    const functions = sources.flatMap(functionsOf);
    const long = [...functions, ...tests.flatMap(functionsOf)].filter(({ lines }) => lines > 70);
    assertNone(long.map(({ where, lines }) => `${where}: ${lines}`));
    const lengths = functions.map(({ lines }) => lines).sort((a, b) => a - b);
    assert.ok(lengths.length > 300, "the functions were found");
    assert.ok((lengths[Math.floor(lengths.length / 2)] ?? 99) <= 8);
  });

  it("import only what they may", () => {
    assertNone(imports.flatMap((one) => {
      const why = forbidden(one);
      return why === undefined ? [] : [`${one.from} → ${one.to}: ${why}`];
    }));
  });

  it("are all in use", () => {
    const used = new Set(imports.map(({ to }) => to));
    // The engine in memory is for tests, which hold the other one against it.
    const roots = ["src/launch.js", "src/cli.ts", "src/engine/memory.ts"];
    assertNone(sources.map(({ name }) => name).filter((n) => !used.has(n) && !roots.includes(n)));
  });

  it("begin with what they are about", () => {
    assertNone(
      sources.filter(({ text }) => !/^(#!.*\n)?\/\*\*/.test(text)).map(({ name }) => name),
    );
  });

  it("say of every export what its signature cannot", () => {
    const exported = /^export (async |abstract )?(function\*?|const|class|interface|type) /;
    assertNone(
      sources.flatMap(({ name, lines }) =>
        lines.flatMap((line, index) =>
          exported.test(line) && !lines[index - 1]?.trimEnd().endsWith("*/")
            ? [`${name}:${index + 1}: ${line}`]
            : []
        )
      ),
    );
  });

  it("use erasable, explicit TypeScript", () => {
    assertNone(matching(all, /(:|<|\bas)\s*any\b(?!\w)/).filter((at) => !at.includes("tidy")));
    assertNone(matching(all, /^\s*(export )?(const )?enum /));
    assertNone(matching(all, /^export default/));
    assertNone(matching(all, /\w!(\.|\[|;|\)|,)/).filter((at) => !/["'`/].*!/.test(at)));
  });

  it("import what Node has as globals", () => {
    const globals = { process: "node:process", Buffer: "node:buffer" } as const;
    for (const [name, module] of Object.entries(globals)) {
      const uses = new RegExp(`(?<![\\w."'/-])${name}\\.[a-zA-Z]`);
      const users = all.filter(({ text }) => uses.test(text.replace(/\/\*[^]*?\*\/|\/\/.*/g, "")));
      assertNone(
        users.filter(({ text }) => !text.includes(`"${module}"`)).map((s) => `${s.name}: ${name}`),
      );
    }
  });

  it("keep SQL in the engine", () => {
    const sql = /"(SELECT|INSERT|UPDATE|DELETE) |`\s*(SELECT|INSERT INTO|CREATE TABLE)/;
    assertNone(matching(sources.filter(({ name }) => !/^src\/(engine|store)\//.test(name)), sql));
  });

  it("leave nothing for later and single out no test", () => {
    const marks = new RegExp(`\\b(${["TO" + "DO", "FIX" + "ME", "HA" + "CK"].join("|")})\\b`);
    assertNone(matching(all, marks));
    assertNone(matching(tests, /\b(it|describe|test)\.(only|todo)\(/));
  });
});

describe("the project", () => {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

  it("has exactly four runtime dependencies", () => {
    const names = Object.keys(manifest.dependencies).sort();
    assert.deepEqual(names, ["@noble/ed25519", "chokidar", "p-queue", "yaml"]);
  });

  it("names every version exactly", () => {
    const { dependencies, devDependencies, optionalDependencies } = manifest;
    const versions = Object.entries<string>({
      ...dependencies,
      ...devDependencies,
      ...optionalDependencies,
    });
    assertNone(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version)).map(String));
  });

  it("has a lock file without addresses", () => {
    assert.ok(!readFileSync(join(root, "package-lock.json"), "utf8").includes('"resolved"'));
  });

  it("has at its top what it should, and nothing else", () => {
    const generated = ["node_modules", "data", "coverage"];
    const top = readdirSync(root).filter((n) => !n.startsWith(".") && !generated.includes(n));
    assert.deepEqual(top.sort(), [
      "README.md",
      "aggregator.yaml",
      "package-lock.json",
      "package.json",
      "src",
      "systemd",
      "test",
      "tsconfig.json",
    ]);
  });
});
