/** What no field of the file can tell alone. */
import { createAddressRule } from "../address.ts";
import { checkKeys } from "./keys.ts";
import { checkOwners } from "./ownership.ts";
import type { Problems } from "./problems.ts";
import { destinationProblem } from "./url.ts";
import { present, type Values } from "./values.ts";

function checkDestinations({ file, tenants }: Values, problems: Problems): void {
  const rule = createAddressRule(present(file.callbacks.allow_private));
  const bare = createAddressRule([]);
  const ofTenants = [...tenants.values()].flatMap((one) => [one.callback_url, one.failover_url]);
  const all = [...ofTenants, file.unassigned.callback_url, file.alerts.url];
  for (const { field, place, value } of present(all)) {
    const why = destinationProblem(value, rule, bare);
    if (why) problems.add(place, field, why);
  }
}

function checkFailover({ tenants }: Values, problems: Problems): void {
  for (const { callback_url, failover_url } of tenants.values()) {
    if (failover_url === undefined) continue;
    const { field, place, value } = failover_url;
    if (value.href !== callback_url?.value.href) continue;
    problems.add(place, field, "must be another URL than callback_url, which it stands in for");
  }
}

/** Told at what the tenant itself says, or else at the defaults. */
function checkSignatures({ file, tenants }: Values, problems: Problems): void {
  for (const { format, delivery } of [file.defaults, ...tenants.values()]) {
    const { include_signatures: included } = delivery;
    if (!included.value || format.value === "envelope") continue;
    const written = present([included.at, format.at]);
    const at = written.find(({ field }) => field.startsWith("tenants.")) ?? written[0];
    if (at === undefined) continue;
    problems.add(
      at.place,
      at.field,
      "delivery.include_signatures needs the format envelope, whose routing they stand in: " +
        `received "${format.value}"`,
    );
  }
}

const whereTheKeyIs =
  "has no public key: copy it from Telnyx's portal (Account settings > Keys & credentials > " +
  "Public key) to telnyx.public_keys, or set TELNYX_PUBLIC_KEY";

function checkFile({ file, isMissing, placeOf, tenants }: Values, problems: Problems): void {
  const isOthers = [...tenants.values()].some(({ public_keys }) => public_keys.length > 0);
  if (isMissing(["telnyx", "public_keys"]) && !isOthers) {
    problems.add(placeOf(["telnyx", "public_keys"]), "telnyx.public_keys", whereTheKeyIs);
  }
  if (file.telnyx.max_skew % 1000 !== 0) {
    problems.add(placeOf(["telnyx", "max_skew"]), "telnyx.max_skew", "must be whole seconds");
  }
  if (file.limits.inbox_bytes < file.limits.body) {
    const place = placeOf(["limits", "inbox_bytes"]);
    problems.add(place, "limits.inbox_bytes", "must be at least limits.body");
  }
}

/** States what is wrong across fields. */
export function checkValues(values: Values, problems: Problems): void {
  checkFile(values, problems);
  checkDestinations(values, problems);
  checkFailover(values, problems);
  checkSignatures(values, problems);
  checkOwners(values.tenants, problems);
  checkKeys(values.file.telnyx.public_keys, values.tenants, problems);
}
