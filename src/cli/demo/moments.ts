/**
 * What the demo is to show. Each moment does something and says how one knows that it came about;
 * it is over when that is so, not after some time.
 */
import { Buffer } from "node:buffer";
import { isFields } from "../../telnyx/fields.ts";
import type { Sample, SampleKind } from "../../telnyx/sample.ts";
import type { Arrival } from "./backend.ts";
import type { Stage } from "./stage.ts";

/** One thing to see. */
export interface Moment {
  /** For the summary. */
  readonly title: string;
  /** What is about to happen, said before. */
  readonly story: string;
  /** What was seen, said after. */
  readonly seen: string;
  /** Resolves to how one knows. */
  act(stage: Stage, end: AbortSignal): Promise<() => boolean>;
}

const isAccepted = ({ status }: Arrival) => status === 200;

async function sendKinds(stage: Stage, tenant: string, kinds: readonly SampleKind[]) {
  for (const kind of kinds) await stage.send(tenant, stage.samplesOf(tenant).of(kind));
}

/** Telnyx's second attempt: the same event, and another `meta`. */
function secondAttempt(sample: Sample): Sample {
  const read: unknown = JSON.parse(Buffer.from(sample.body).toString("utf8"));
  const fields = isFields(read) ? read : {};
  const meta = { ...(isFields(fields["meta"]) ? fields["meta"] : {}), attempt: 2 };
  return { ...sample, body: Buffer.from(JSON.stringify({ ...fields, meta })) };
}

/** A batch that was refused and then accepted, with the same bytes. */
function retried(arrivals: readonly Arrival[], tenant: string): boolean {
  return arrivals.some((first) =>
    first.tenant === tenant && !isAccepted(first) &&
    arrivals.some((later) =>
      isAccepted(later) && later.payload.id === first.payload.id &&
      Buffer.compare(later.body, first.body) === 0
    )
  );
}

const byTime: Moment = {
  title: "a window closed by time",
  story: "acme gets three messages and a fax. None is urgent: its window stays open for 2 s.",
  seen: "One payload for all that came within the window.",
  async act(stage) {
    await sendKinds(stage, "acme", ["messageIn", "messageSent", "messageFinalized", "faxIn"]);
    return () =>
      stage.arrivals.some((arrival) =>
        isAccepted(arrival) && arrival.tenant === "acme" && arrival.payload.reason === "max_wait"
      );
  },
};

const byUrgency: Moment = {
  title: "a window closed by an immediate event",
  story: "globex gets a message, then a call. A ringing phone cannot wait: the window closes now.",
  seen: "The call went out at once, and the waiting message with it.",
  async act(stage) {
    await sendKinds(stage, "globex", ["messageIn", "callIn"]);
    return () =>
      stage.arrivals.some((arrival) =>
        isAccepted(arrival) && arrival.tenant === "globex" && arrival.payload.reason === "immediate"
      );
  },
};

const afterFailure: Moment = {
  title: "a retry after a failing backend, with the same batch id",
  story: "globex's backend is down for two requests. A call comes in; acme notices nothing.",
  seen: "Tried again until it was taken: same batch id, same bytes.",
  async act(stage) {
    stage.backendOf("globex")?.failNext(2);
    await sendKinds(stage, "globex", ["callIn"]);
    await sendKinds(stage, "acme", ["callOut"]);
    return () => retried(stage.arrivals, "globex");
  },
};

const onlyOnce: Moment = {
  title: "a duplicate dropped",
  story: "Telnyx did not hear our 200 in time and sends a webhook of acme's again.",
  seen: "Answered 200 duplicate; acme gets it once.",
  async act(stage) {
    const sample = stage.samplesOf("acme").of("messageIn");
    await stage.send("acme", sample);
    const { status, word } = await stage.send("acme", secondAttempt(sample));
    return () => status === 200 && word === "duplicate";
  },
};

const forged: Moment = {
  title: "a forged webhook refused",
  story: "Somebody who does not have Telnyx's key invents a call for globex.",
  seen: "Answered 401 invalid signature; nobody gets it.",
  async act(stage) {
    const { status } = await stage.forge(stage.samplesOf("globex").of("callIn"));
    return () => status === 401;
  },
};

const newcomer: Moment = {
  title: "a tenant added while it runs",
  story: "A third tenant, initech, is written into aggregator.yaml, and the file is saved.",
  seen: "No restart, no request dropped; initech has its first batch.",
  async act(stage, end) {
    await stage.addTenant("initech");
    await stage.until(() => stage.tenants.includes("initech"), end);
    if (!end.aborted) await sendKinds(stage, "initech", ["messageIn", "callIn"]);
    return () =>
      stage.arrivals.some((arrival) => isAccepted(arrival) && arrival.tenant === "initech");
  },
};

/** In the order they are played. */
export const moments: readonly Moment[] = [
  byTime,
  byUrgency,
  afterFailure,
  onlyOnce,
  forged,
  newcomer,
];
