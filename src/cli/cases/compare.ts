/** What was expected of a case beside what came. */
import type { Expected } from "./definition.ts";
import type { Came } from "./play.ts";

/** One thing that is not as expected. */
export interface Mismatch {
  readonly what: string;
  readonly expected: string;
  readonly came: string;
}

const listed = (texts: readonly string[]) => [...new Set(texts)].sort().join(", ");

const whoseOf = ({ tenants, reason }: Came) =>
  tenants.length > 0 ? listed(tenants) : `unassigned${reason === undefined ? "" : ` (${reason})`}`;

/** Whose it should be; undefined where it does not matter. */
function expectedOwners({ tenant, tenants }: Expected): readonly string[] | undefined {
  if (tenants.length > 0) return tenants.flatMap((one) => one === undefined ? [] : [one.value]);
  if (tenant === undefined) return undefined;
  return tenant.value === "unassigned" ? [] : [tenant.value];
}

/** Everything that is not as expected, in the order of the format's description. */
export function mismatches(expected: Expected, came: Came): readonly Mismatch[] {
  const found: Mismatch[] = [];
  const compare = (what: string, wanted: string | undefined, got: readonly string[]) => {
    if (wanted === undefined || (got.length > 0 && got.every((one) => one === wanted))) return;
    found.push({ what, expected: wanted, came: listed(got) || "nothing" });
  };
  const owners = expectedOwners(expected);
  if (owners !== undefined && listed(owners) !== listed(came.tenants)) {
    found.push({ what: "tenant", expected: listed(owners) || "unassigned", came: whoseOf(came) });
  }
  const one = (text: string | undefined) => text === undefined ? [] : [text];
  compare("reason", expected.reason, one(came.reason));
  compare("matched_by", expected.matched_by, came.matchedBy);
  compare("channel", expected.channel, one(came.channel));
  compare("lane", expected.lane, came.lanes);
  compare("type", expected.type, one(came.type));
  return found;
}
