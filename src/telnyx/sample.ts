/**
 * Webhooks of our own making, for the demo, `send`, the tests and the benchmark: shaped as Telnyx
 * shapes them, about 1.2 KB for a call event, with numbers that are nobody's.
 *
 *     numbers ─▶ scene (one call, message or fax) ─▶ its events, in order, among those of others
 *
 * Every event names an own number on the side where its direction puts it, so that its owner is
 * known from it alone.
 */
import { randomUUID } from "node:crypto";
import type { Fields } from "./fields.ts";
import { answered, ended, initiated, pressed, texmlFields } from "./sample/calls.ts";
import { faxDelivered, faxReceived, optOut, outbound, received } from "./sample/messages.ts";
import { beginScene, createChance, type Scene, timeText } from "./sample/scene.ts";

/** One webhook, ready to be signed and sent. */
export interface Sample {
  readonly body: Uint8Array;
  readonly contentType: string;
  /** As `readEnvelope` will name it. */
  readonly type: string;
  /** Absent for a form. */
  readonly id?: string;
  /** The own number that it is about: its owner is the owner of this. */
  readonly number: string;
}

/** What to make samples of. */
export interface SampleOptions {
  /** Own numbers, E.164. */
  readonly numbers: readonly [string, ...string[]];
  /** The same seed and clock give the same samples; absent: ids that never repeat. */
  readonly seed?: string;
  readonly now?: () => number;
  readonly deliveredTo?: string;
  readonly connectionId?: string;
  readonly messagingProfileId?: string;
}

/** Makes samples without end. */
export interface Samples {
  /** The next one of several calls, messages and faxes that go on at the same time. */
  next(): Sample;
  /** One of this kind, of a scene of its own. */
  of(kind: SampleKind): Sample;
}

interface Made {
  readonly type: string;
  readonly payload: Fields;
}

const made = (type: string, payload: Fields): Made => ({ type, payload });

const makers = {
  callIn: (scene: Scene) => made("call.initiated", initiated(scene, "in")),
  callOut: (scene: Scene) => made("call.initiated", initiated(scene, "out")),
  answeredIn: (scene: Scene) => made("call.answered", answered(scene, "in")),
  answeredOut: (scene: Scene) => made("call.answered", answered(scene, "out")),
  dtmf: (scene: Scene) => made("call.dtmf.received", pressed(scene, "in")),
  hangupIn: (scene: Scene, now: number) => made("call.hangup", ended(scene, "in", now)),
  hangupOut: (scene: Scene, now: number) => made("call.hangup", ended(scene, "out", now)),
  messageIn: (scene: Scene) => made("message.received", received(scene)),
  optOut: (scene: Scene) => made("message.received", optOut(scene)),
  messageSent: (scene: Scene, now: number) => made("message.sent", outbound(scene, "sent", now)),
  messageFinalized: (scene: Scene, now: number) =>
    made("message.finalized", outbound(scene, "delivered", now)),
  faxIn: (scene: Scene) => made("fax.received", faxReceived(scene)),
  faxOut: (scene: Scene) => made("fax.delivered", faxDelivered(scene)),
} satisfies Readonly<Record<string, (scene: Scene, now: number) => Made>>;

const formStatuses = {
  texmlInitiated: "initiated",
  texmlCompleted: "completed",
} as const;

/** The kinds of samples there are. */
export type SampleKind = keyof typeof makers | keyof typeof formStatuses;

const isFormKind = (kind: SampleKind): kind is keyof typeof formStatuses => kind in formStatuses;

/** Every kind, each once. */
export const sampleKinds: readonly SampleKind[] = [
  ...Object.keys(makers),
  ...Object.keys(formStatuses),
].filter((name): name is SampleKind => name in makers || name in formStatuses);

type Script = readonly SampleKind[];

/** What happens in a scene; calls are the most frequent. */
const scripts: readonly [Script, ...Script[]] = [
  ["callIn", "answeredIn", "dtmf", "dtmf", "hangupIn"],
  ["callIn", "answeredIn", "dtmf", "hangupIn"],
  ["callOut", "answeredOut", "hangupOut"],
  ["messageIn"],
  ["messageSent", "messageFinalized"],
  ["optOut"],
  ["faxIn"],
  ["faxOut"],
  ["texmlInitiated", "texmlCompleted"],
];

/** Scenes that go on at the same time. */
const openMax = 8;

const encoder = new TextEncoder();

function wrapped(scene: Scene, { type, payload }: Made, now: number, deliveredTo: string): Sample {
  const id = scene.chance.uuid();
  const data = { event_type: type, id, occurred_at: timeText(now), payload, record_type: "event" };
  const text = JSON.stringify({ data, meta: { attempt: 1, delivered_to: deliveredTo } });
  const contentType = "application/json";
  return { body: encoder.encode(text), contentType, type, id, number: scene.own };
}

function form(scene: Scene, status: string, now: number): Sample {
  const text = new URLSearchParams(texmlFields(scene, status, now)).toString();
  const contentType = "application/x-www-form-urlencoded";
  const type = `texml.call.${status}`;
  return { body: encoder.encode(text), contentType, type, number: scene.own };
}

/** Samples for these own numbers. */
export function createSamples(options: SampleOptions): Samples {
  const { numbers, seed = randomUUID(), now = Date.now } = options;
  const { deliveredTo = "https://hooks.example.com/webhooks/ingest" } = options;
  const chance = createChance(seed);
  const applications = {
    connection: options.connectionId ?? "1200000000000000001",
    profile: options.messagingProfileId ?? "00000000-0000-4000-8000-000000000003",
  };
  const open: { readonly scene: Scene; readonly script: Script; at: number }[] = [];

  const begin = () => beginScene(chance.pick(numbers), applications, chance, now());
  const make = (kind: SampleKind, scene: Scene): Sample =>
    isFormKind(kind)
      ? form(scene, formStatuses[kind], now())
      : wrapped(scene, makers[kind](scene, now()), now(), deliveredTo);

  return {
    of: (kind) => make(kind, begin()),
    next() {
      while (open.length < openMax) {
        open.push({ scene: begin(), script: chance.pick(scripts), at: 0 });
      }
      const index = chance.below(open.length);
      const going = open[index];
      const kind = going?.script[going.at++] ?? "messageIn";
      if (!going || going.at >= going.script.length) open.splice(index, 1);
      return make(kind, going?.scene ?? begin());
    },
  };
}
