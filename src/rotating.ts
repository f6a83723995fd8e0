/**
 * Rotating: when a tenant's `secret_version` is raised, the log remembers since when, so that its
 * old and its new keys both sign for a day, over restarts too.
 */
import { type Config, type LiveConfig, tenantOf } from "./config.ts";
import type { Engine } from "./engine.ts";
import { messageOf } from "./errors.ts";
import { sleep } from "./flow/sleep.ts";
import type { Signing } from "./signing.ts";
import type { State } from "./telemetry.ts";

/** Between two tries while the log cannot be written. */
const pauseMs = 1_000;

function versionsIn(config: Config) {
  const copies = config.unassigned.copies;
  const ids = [...config.tenants.keys(), ...copies === undefined ? [] : [copies.id]];
  return ids.flatMap((tenant) => {
    const version = tenantOf(config, tenant)?.destination.secretVersion;
    return version === undefined ? [] : [{ tenant, version }];
  });
}

/** Tells the signing what is in force now, and after every reload until disposal. */
export async function startRotating(
  engine: Pick<Engine, "secretVersions">,
  signing: Pick<Signing, "rotated">,
  live: LiveConfig,
  state: State,
): Promise<AsyncDisposable> {
  const stop = new AbortController();

  async function tell(config: Config): Promise<void> {
    signing.rotated(await engine.secretVersions(versionsIn(config)));
  }

  async function follow(first: Config): Promise<void> {
    let told = first;
    while (!stop.signal.aborted) {
      await live.changed(told, stop.signal);
      if (stop.signal.aborted) return;
      const next = live.current;
      try {
        await tell(next);
        told = next;
      } catch (error) {
        state({ is: "store.broken", why: messageOf(error) });
        await sleep(pauseMs, stop.signal);
      }
    }
  }

  const first = live.current;
  await tell(first);
  const following = follow(first);
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await following;
    },
  };
}
