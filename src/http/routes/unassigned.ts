/** What nobody owns: listed by what it names, and given to a tenant where an operator says so. */
import { Buffer } from "node:buffer";
import type { LiveConfig } from "../../config.ts";
import type { Directory } from "../../directory.ts";
import type { Engine } from "../../engine.ts";
import type { HeldSelection, Wanted } from "../../held.ts";
import { parseNumber } from "../../number.ts";
import type { State } from "../../telemetry.ts";
import { type Fields, isFields } from "../../telnyx/fields.ts";
import type { Route } from "../admin.ts";
import { failed, isoOf, ok, type Reply, unknownTenant } from "../reply.ts";

/** What these routes look at. */
export interface UnassignedRoutesOptions {
  readonly live: LiveConfig;
  readonly engine: Engine;
  readonly state: State;
}

const limitUsual = 100;
const limitMax = 1_000;
/** Longer than anything that an event can name. */
const textLengthMax = 512;
/** Events released in one commit, so that webhooks need not wait for long; and commits at most. */
const stepMax = 500;
const stepsMax = 2_000;

/** `owned`: a tenant has it, and the event waits for something else to say whose it is. */
const wantedView = (directory: Directory) => ({ key, count, firstAt, lastAt, former }: Wanted) => ({
  key,
  count,
  first_at: isoOf(firstAt),
  last_at: isoOf(lastAt),
  owned: directory.owns(key),
  former,
});

function limitIn(query: URLSearchParams): number | undefined {
  const text = query.get("limit");
  if (text === null) return limitUsual;
  const limit = /^[0-9]{1,6}$/.test(text) ? Number(text) : 0;
  return limit >= 1 && limit <= limitMax ? limit : undefined;
}

async function list(
  { engine, live }: UnassignedRoutesOptions,
  query: URLSearchParams,
): Promise<Reply> {
  const limit = limitIn(query);
  if (limit === undefined) return failed(400, `limit must be a whole number from 1 to ${limitMax}`);
  const { held, expired, parked } = await engine.counts();
  const wanted = await engine.wanted(query.get("after") ?? "", limit);
  const last = wanted.length === limit ? wanted.at(-1)?.key : undefined;
  return ok({
    held,
    expired,
    parked,
    wanted: wanted.map(wantedView(live.current.directory)),
    after: last ?? null,
  });
}

/** What the body says, or what is wrong with it. */
type Order =
  | { readonly which: HeldSelection; readonly to: string }
  | { readonly problem: string };

const form = 'write {"key":"number:+18005551111","to":"acme"}, or "number" or "id" for "key"';

function objectIn(body: Uint8Array): Fields | undefined {
  try {
    const read: unknown = JSON.parse(Buffer.from(body).toString("utf8"));
    return isFields(read) ? read : undefined;
  } catch {
    return undefined;
  }
}

/** A selection by a number as people write it. */
function byNumber(text: string): HeldSelection | { readonly problem: string } {
  const parsed = parseNumber(text);
  if ("problem" in parsed) return { problem: `number ${parsed.problem}` };
  if (parsed.prefix) return { problem: "number must be one number, not a prefix" };
  return { wanted: `number:${parsed.number}` };
}

function selectionOf(name: string, text: string): HeldSelection | { readonly problem: string } {
  if (name === "number") return byNumber(text);
  return name === "key" ? { wanted: text } : { id: text };
}

function orderIn(body: Uint8Array): Order {
  const fields = objectIn(body);
  if (fields === undefined) return { problem: `the body must be a JSON object: ${form}` };
  const names = Object.keys(fields);
  const isKnown = (name: string) => ["key", "number", "id", "to"].includes(name);
  if (!names.every(isKnown)) return { problem: `there is a field too many: ${form}` };
  const [name, ...others] = names.filter((one) => one !== "to");
  if (name === undefined) return { problem: `what to release is missing: ${form}` };
  if (others.length > 0) return { problem: `only one of key, number and id may be there: ${form}` };
  const [text, to] = [fields[name], fields["to"]];
  const isText = typeof text === "string" && text !== "" && text.length <= textLengthMax;
  if (!isText) return { problem: `${name} must be text of 1 to ${textLengthMax} characters` };
  if (typeof to !== "string") return { problem: `the tenant is missing: ${form}` };
  const which = selectionOf(name, text);
  return "problem" in which ? which : { which, to };
}

async function releaseAll(engine: Engine, which: HeldSelection, to: string): Promise<number> {
  let released = 0;
  for (let step = 0; step < stepsMax; step++) {
    const count = await engine.release(which, to, stepMax);
    if (count === 0) break;
    released += count;
  }
  return released;
}

async function release(options: UnassignedRoutesOptions, body: Uint8Array): Promise<Reply> {
  const { live, engine, state } = options;
  const order = orderIn(body);
  if ("problem" in order) return failed(400, order.problem);
  const tenant = live.current.tenants.get(order.to);
  if (tenant === undefined) return unknownTenant;
  const count = await releaseAll(engine, order.which, tenant.id);
  if (count > 0) {
    state({ is: "events.released", count, by: "operator" });
    return ok({ status: "released", count });
  }
  const account = tenant.publicKeys.length > 0
    ? "its own Telnyx account"
    : "the operator's account";
  return failed(404, `nothing is held there for this tenant that ${account} signed`);
}

/** `GET /unassigned`, `POST /unassigned/release`. */
export function unassignedRoutes(options: UnassignedRoutesOptions): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/unassigned",
      needs: "token",
      answer: ({ query }) => list(options, query),
    },
    {
      method: "POST",
      path: "/unassigned/release",
      needs: "token",
      reads: true,
      answer: ({ body }) => release(options, body),
    },
  ];
}
