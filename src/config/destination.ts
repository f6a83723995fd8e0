/** Where a tenant's batches go, how fast, and in which shape. */
import type { Layout } from "../batch.ts";
import type { Destination, WindowRule } from "../tenant.ts";
import type { TenantValues } from "./tenant.ts";
import { present } from "./values.ts";

function headersOf(headers: TenantValues["headers"]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    [...headers].flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), value]]
    ),
  );
}

function rateOf({ requests, events }: TenantValues["delivery"]["rate"]): Pick<Destination, "rate"> {
  if (requests === undefined && events === undefined) return {};
  return {
    rate: {
      ...(requests === undefined ? {} : { requests }),
      ...(events === undefined ? {} : { events }),
    },
  };
}

/** In the units of the program. */
export function destinationOf(values: TenantValues): Destination {
  const { timeout, in_flight, retry, rate, gzip } = values.delivery;
  const failoverUrl = values.failover_url?.value.href;
  return {
    url: values.callback_url?.value.href ?? "",
    ...(failoverUrl === undefined ? {} : { failoverUrl }),
    headers: headersOf(values.headers),
    timeoutMs: timeout,
    inFlight: in_flight,
    retry: { firstMs: retry.first, maxMs: retry.max, forMs: retry.for },
    ...rateOf(rate),
    gzip,
    secrets: present(values.secrets),
    secretVersion: values.secret_version,
  };
}

/** Signatures stand in an envelope's routing: no other format has a place for them. */
function layoutOf({ format, delivery }: Pick<TenantValues, "format" | "delivery">): Layout {
  const isProven = format.value === "envelope" && delivery.include_signatures.value;
  return isProven ? "envelope/1+proof" : `${format.value}/1`;
}

/** When a window closes, and what is made of it then. */
export function windowOf(values: TenantValues): WindowRule {
  const { delivery, window } = values;
  const { session } = window;
  return {
    maxWaitMs: window.max_wait,
    eventsMax: window.max_events,
    bytesMax: window.max_bytes,
    ...(session === "none" ? {} : { session }),
    lingerMs: window.linger,
    maxAgeMs: window.max_age,
    compact: window.compact,
    catchUp: delivery.catch_up,
    layout: layoutOf(values),
  };
}
