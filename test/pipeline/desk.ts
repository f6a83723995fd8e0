/** Requests to tenants that end when a test says so. */
import { createRequests } from "../../src/pipeline/requests.ts";
import { turns } from "../support/clock.ts";

export const mib = 1024 * 1024;

export interface Asked {
  readonly tenant: string;
  readonly bytes: number;
  /** Whether it counted as a suspect's when it began. */
  suspect: boolean;
  /** By the wall clock. */
  begunAt: number;
  state: "waiting" | "under way" | "ended";
  readonly end: (error?: Error) => void;
  result: Promise<string>;
}

/** Of their bodies together, in bytes. */
export const sum = (all: readonly Asked[]) => all.reduce((bytes, one) => bytes + one.bytes, 0);

/** Asks for them; each that begins is told with all that are under way then. */
export function desk(
  limit: number,
  onBegin: (asked: Asked, underWay: readonly Asked[]) => void = () => {},
) {
  const suspects = new Set<string>();
  const begun: Asked[] = [];
  const set = { limit };
  const requests = createRequests({ limit: () => set.limit });

  function ask(tenant: string, bytes = 1_000): Asked {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const asked: Asked = {
      tenant,
      bytes,
      suspect: false,
      begunAt: 0,
      state: "waiting",
      end(error) {
        asked.state = "ended";
        if (error === undefined) resolve(tenant);
        else reject(error);
      },
      result: promise,
    };
    asked.result = requests.run(tenant, bytes, () => suspects.has(tenant), () => {
      asked.state = "under way";
      asked.suspect = bytes > 16 * mib || suspects.has(tenant);
      asked.begunAt = Date.now();
      begun.push(asked);
      onBegin(asked, underWay());
      return promise;
    });
    return asked;
  }

  const underWay = () => begun.filter(({ state }) => state === "under way");
  return {
    requests,
    suspects,
    begun,
    ask,
    asks: (tenant: string, count: number, bytes?: number) =>
      Array.from({ length: count }, () => ask(tenant, bytes)),
    underWay,
    tenantsBegun: () => begun.map(({ tenant }) => tenant),
    limit: (next: number) => set.limit = next,
    /** Ends what is under way, oldest first, until nothing begins any more. */
    async drain() {
      for (let next = underWay()[0]; next !== undefined; next = underWay()[0]) {
        next.end();
        await turns(1);
      }
    },
  };
}
