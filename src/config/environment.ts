/**
 * The environment as a second, weaker source: a `.env` made for the original example keeps working.
 * A variable stands in for a field that the file leaves out, and is read like one.
 */
import { parseEnv } from "node:util";
import { entryAt, placeOutside, type Tree, withEntry } from "./tree.ts";

/** Asks for a variable; an empty one counts as not set. */
export type Variables = (name: string) => string | undefined;

/** The process's own environment, then `.env`. */
export function variablesOf(process: Variables, dotEnv: string): Variables {
  const parsed = parseEnv(dotEnv);
  return (name) => process(name) ?? (Object.hasOwn(parsed, name) ? parsed[name] : undefined);
}

interface Fallback {
  readonly path: readonly string[];
  /** The field is a list: this is its only item. */
  readonly item?: true;
  /** Named in problems. */
  readonly name: string;
  valueOf(variables: Variables): string | undefined;
}

function listenOf(variables: Variables): string | undefined {
  const host = variables("HOST");
  const port = variables("PORT");
  if (!host) return port;
  return `${host.includes(":") ? `[${host}]` : host}:${port || "8080"}`;
}

function secondsOf(name: string): Fallback["valueOf"] {
  return (variables) => {
    const text = variables(name);
    return text && (/^[0-9]+$/.test(text) ? `${text}s` : text);
  };
}

const fallbacks: readonly Fallback[] = [
  {
    path: ["telnyx", "public_keys"],
    item: true,
    name: "TELNYX_PUBLIC_KEY",
    valueOf: (variables) => variables("TELNYX_PUBLIC_KEY"),
  },
  {
    path: ["telnyx", "max_skew"],
    name: "MAX_SKEW_SECONDS",
    valueOf: secondsOf("MAX_SKEW_SECONDS"),
  },
  {
    path: ["defaults", "window", "max_wait"],
    name: "BATCH_INTERVAL_SECONDS",
    valueOf: secondsOf("BATCH_INTERVAL_SECONDS"),
  },
  { path: ["listen"], name: "HOST, PORT", valueOf: listenOf },
];

/** The file's tree with what only the environment says. */
export function withVariables(tree: Tree, variables: Variables): Tree {
  return fallbacks.reduce((current, { item, path, name, valueOf }) => {
    const text = entryAt(current, path) === undefined ? valueOf(variables) : undefined;
    if (!text) return current;
    const place = placeOutside(`environment (${name})`);
    const one: Tree = { kind: "scalar", text, place };
    const value: Tree = item ? { kind: "list", items: [one], place } : one;
    return withEntry(current, path, { place, value });
  }, tree);
}
