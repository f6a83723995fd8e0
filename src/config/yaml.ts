/**
 * YAML text → tree. Only what cannot surprise anybody is read: no tags, no types (a scalar is its
 * source text), no YAML 1.1, each key once. Bounds hold for what aliases expand to as well. What is
 * wrong is told without a word of the text: in a broken file a secret may stand anywhere.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import type { Document, Node, Scalar as YamlScalar, YAMLMap, YAMLSeq } from "yaml";
import type { Problems } from "./problems.ts";
import type { Entry, Place, Tree } from "./tree.ts";
import { meaningOf } from "./yaml-errors.ts";

/** The largest file that is read. */
export const yamlBytesMax = 8 * 2 ** 20;
const nodesMax = 1_000_000;
const depthMax = 32;

interface Measured {
  readonly tree: Tree;
  /** Nodes, with every use of an alias counted. */
  readonly nodes: number;
  readonly depth: number;
}

interface Walk {
  placeOf(node: Node | null | undefined): Place;
  problem(place: Place, message: string): void;
  /** Trees by anchor, as far as the file is read; "open" while inside its own. */
  readonly anchors: Map<string, Measured | "open">;
}

function placesIn(file: string, lines: LineCounter): (offset: number) => Place {
  return (offset) => ({
    file,
    position() {
      const { line, col } = lines.linePos(offset);
      return { line, column: col };
    },
  });
}

function nothing(place: Place): Measured {
  return { tree: { kind: "empty", place }, nodes: 1, depth: 1 };
}

function scalarTree(node: YamlScalar, place: Place): Measured {
  const text = String(node.value ?? "");
  const isEmpty = node.type === "PLAIN" && /^(|~|null|Null|NULL)$/.test(text);
  return isEmpty ? nothing(place) : { tree: { kind: "scalar", text, place }, nodes: 1, depth: 1 };
}

function listTree(node: YAMLSeq<Node>, place: Place, walk: Walk): Measured {
  const items = node.items.map((item) => treeOf(item, walk));
  return {
    tree: { kind: "list", items: items.map(({ tree }) => tree), place },
    nodes: items.reduce((sum, { nodes }) => sum + nodes, 1),
    depth: items.reduce((most, { depth }) => Math.max(most, depth), 0) + 1,
  };
}

function mapTree(node: YAMLMap<Node, Node | null>, place: Place, walk: Walk): Measured {
  const entries = new Map<string, Entry>();
  let nodes = 1;
  let depth = 0;
  for (const { key, value } of node.items) {
    const keyPlace = walk.placeOf(key);
    const inner = value ? treeOf(value, walk) : nothing(keyPlace);
    nodes += inner.nodes + 1;
    depth = Math.max(depth, inner.depth);
    if (!isScalar(key)) {
      walk.problem(keyPlace, "a key must be plain text");
      continue;
    }
    if (key.tag !== undefined) walk.problem(keyPlace, "tags are not supported: leave it out");
    if (key.anchor !== undefined) walk.anchors.set(key.anchor, scalarTree(key, keyPlace));
    const name = String(key.value ?? "");
    if (entries.has(name)) walk.problem(keyPlace, "this key is there twice");
    entries.set(name, { place: keyPlace, value: inner.tree });
  }
  return { tree: { kind: "map", entries, place }, nodes, depth: depth + 1 };
}

function aliasTree(name: string, place: Place, walk: Walk): Measured {
  const target = walk.anchors.get(name);
  if (target === "open") walk.problem(place, "this alias stands inside its own anchor");
  if (target === undefined) walk.problem(place, "this alias has no anchor before it");
  return target === undefined || target === "open" ? nothing(place) : target;
}

function treeOf(node: Node, walk: Walk): Measured {
  const place = walk.placeOf(node);
  if (isAlias(node)) return aliasTree(node.source, place, walk);
  const anchor = isScalar(node) || isMap(node) || isSeq(node) ? node.anchor : undefined;
  if (node.tag !== undefined) walk.problem(place, "tags are not supported: leave it out");
  if (anchor !== undefined) walk.anchors.set(anchor, "open");
  const measured = isScalar(node)
    ? scalarTree(node, place)
    : isSeq<Node>(node)
    ? listTree(node, place, walk)
    : isMap<Node, Node | null>(node)
    ? mapTree(node, place, walk)
    : nothing(place);
  if (anchor !== undefined) walk.anchors.set(anchor, measured);
  return measured;
}

function parse(text: string, lines: LineCounter): Document.Parsed | { readonly why: string } {
  try {
    return parseDocument(text, {
      schema: "failsafe",
      lineCounter: lines,
      uniqueKeys: false,
      prettyErrors: false,
      // Not "silent", which would hide a second document.
      logLevel: "error",
    });
  } catch (error) {
    // The parser recurses: depth without bound ends its stack.
    return { why: error instanceof RangeError ? "is nested too deeply" : "is not valid YAML" };
  }
}

function checkDocument(document: Document.Parsed, placeAt: (offset: number) => Place, walk: Walk) {
  // Tags that are only doubtful are told by our own walk.
  const doubts = document.warnings.filter(({ code }) => code !== "TAG_RESOLVE_FAILED");
  for (const { code, pos } of [...document.errors, ...doubts]) {
    walk.problem(placeAt(pos[0]), meaningOf(code));
  }
  const { yaml } = document.directives;
  if (yaml.explicit && yaml.version !== "1.2") {
    walk.problem(placeAt(0), "YAML 1.1 is not supported: leave the %YAML line out");
  }
}

/** The tree of a file; undefined when it cannot be read at all. States every problem it meets. */
export function parseYaml(text: string, file: string, problems: Problems): Tree | undefined {
  const lines = new LineCounter();
  const placeAt = placesIn(file, lines);
  const start = placeAt(0);
  const document = parse(text, lines);
  if ("why" in document) {
    problems.add({ ...start, position: () => undefined }, undefined, document.why);
    return undefined;
  }
  const walk: Walk = {
    placeOf: (node) => placeAt(node?.range?.[0] ?? 0),
    problem: (place, message) => problems.add(place, undefined, message),
    anchors: new Map(),
  };
  checkDocument(document, placeAt, walk);
  if (document.errors.length > 0) return undefined;
  const measured = document.contents === null ? nothing(start) : treeOf(document.contents, walk);
  if (measured.nodes > nodesMax) walk.problem(start, "has more than a million nodes");
  if (measured.depth > depthMax) walk.problem(start, `is nested deeper than ${depthMax}`);
  return measured.nodes > nodesMax || measured.depth > depthMax ? undefined : measured.tree;
}
