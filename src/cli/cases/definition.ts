/**
 * A file of cases: bodies, and what should become of each. Read like the config: every problem at
 * once, with its line; unknown keys are errors.
 */
import { didYouMean, type Problems } from "../../config/problems.ts";
import * as kind from "../../config/kinds.ts";
import { either, object } from "../../config/maps.ts";
import {
  type Field,
  list,
  type Located,
  located,
  needed,
  optional,
  type Reading,
  type ValueOf,
} from "../../config/schema.ts";
import { kindOf, type Tree } from "../../config/tree.ts";
import { parseYaml } from "../../config/yaml.ts";
import type { KeyKind, MatchedBy } from "../../event.ts";
import { channels, type TenantId } from "../../tenant.ts";

/** A body as a case has it: as text, or where to find it. */
export type Written = ValueOf<typeof webhook>;

/** One case. */
export type Case = ValueOf<typeof oneCase>;

/** What should become of a body; what is left out does not matter. */
export type Expected = ValueOf<typeof expected>;

/** What anything is that stands in a file. */
const anything: Field<Tree | undefined> = { fallback: undefined, json: {}, read: (tree) => tree };

const line = /^[^\p{Cc}]{1,200}$/u;
const tenantId = kind.text("a tenant's id, or unassigned", /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);

const callKeys: readonly KeyKind[] = [
  ...["call_leg_id", "call_control_id", "CallSid", "call_session_id"] as const,
  ...["conference_id", "ConferenceSid", "message_id", "fax_id"] as const,
];
const matchedBy: readonly MatchedBy[] = [
  ...["phone_number", "id", "path", "messaging_profile_id", "connection_id"] as const,
  "public_key",
  ...callKeys,
];

const webhookShape = {
  body: anything,
  file: located(kind.path),
  path: optional(kind.text('a path such as "/webhooks/@acme"', /^\/[!-~]*$/)),
  content_type: optional(kind.text("a content type", /^[ -~]{1,200}$/)),
  signed_by: located(tenantId),
};

const webhook = object(webhookShape);

const expected = object({
  tenant: located(tenantId),
  tenants: list(located(tenantId)),
  reason: optional(kind.oneOf("unknown", "ambiguous", "parked")),
  matched_by: optional(kind.oneOf(...matchedBy)),
  channel: optional(kind.oneOf(...channels)),
  lane: optional(kind.oneOf("window", "session", "none")),
  type: optional(kind.text("an event type such as call.initiated", /^[!-~]{1,200}$/)),
});

const oneCase = object({
  name: needed(located(kind.text("a name of one line", line)), "is missing: say what it is about"),
  ...webhookShape,
  after: list<ValueOf<typeof webhook> | Located<string> | undefined>(
    either(webhook, located(kind.path)),
  ),
  expect: needed(expected, "is missing: say what should become of it"),
});

const wholeFile = list<Case | undefined>({ ...oneCase, fallback: undefined, read: readCase }, {
  filled: "is empty: it needs cases",
});

function readCase(tree: Tree, _base: Case | undefined, at: Reading): Case {
  const one = oneCase.read(tree, oneCase.fallback, at);
  const expect = at.under("expect");
  if (one.expect.tenant !== undefined && one.expect.tenants.length > 0) {
    expect.problem(tree.place, 'must have either "tenant" or "tenants", not both');
  }
  const { tenants, ...others } = one.expect;
  if (tenants.length === 0 && Object.values(others).every((value) => value === undefined)) {
    expect.problem(tree.place, "says nothing: a case that expects nothing tests nothing");
  }
  if (tenants.some((tenant) => tenant?.value === "unassigned")) {
    expect.problem(tree.place, '"tenants" cannot have "unassigned": write tenant: unassigned');
  }
  if (tree.kind === "map") checkBody(one, tree, at);
  for (const earlier of one.after) {
    if (earlier !== undefined && !("value" in earlier)) checkBody(earlier, tree, at.under("after"));
  }
  return one;
}

function checkBody({ body, file }: Written, tree: Tree, at: Reading): void {
  if ((body === undefined) === (file === undefined)) {
    at.problem(tree.place, 'must have either "body" or "file"');
  }
  const isBody = body === undefined || body.kind === "map" || body.kind === "scalar";
  if (!isBody) {
    at.under("body").problem(body.place, `must be a map or text: received ${kindOf(body)}`);
  }
}

function readingOf(field: string, folder: string, problems: Problems): Reading {
  return {
    field,
    folder,
    problem: (place, message) => problems.add(place, field, message),
    under: (key) => readingOf(field === "" ? key : `${field}.${key}`, folder, problems),
    resolve: ({ text }) => ({ text, secret: false }),
  };
}

/** States a problem for every tenant that the config does not have. */
function checkTenants(cases: readonly Case[], known: readonly TenantId[], problems: Problems) {
  for (const { expect, signed_by: signer, after } of cases) {
    const earlier = after.map((one) => one && "signed_by" in one ? one.signed_by : undefined);
    for (const named of [expect.tenant, ...expect.tenants, signer, ...earlier]) {
      if (named === undefined || known.includes(named.value)) continue;
      const hint = didYouMean(named.value, known);
      problems.add(named.place, named.field, `is no tenant of the config${hint}`);
    }
  }
}

/** Where cases come from, and where to tell what is wrong with them. */
export interface CaseSource {
  /** As shown in problems. */
  readonly file: string;
  /** Relative paths start here. */
  readonly folder: string;
  readonly tenants: readonly TenantId[];
  readonly problems: Problems;
}

/** The cases in a text, as far as they are right; adds to the problems. */
export function parseCases(text: string, source: CaseSource): readonly Case[] {
  const { file, folder, tenants, problems } = source;
  const tree = parseYaml(text, file, problems);
  if (tree === undefined) return [];
  const read = wholeFile.read(tree, [], readingOf("", folder, problems));
  const cases = read.filter((one) => one !== undefined);
  checkTenants(cases, [...tenants, "unassigned"], problems);
  return cases;
}
