/** Payloads of sample messages and faxes. */
import type { Fields } from "../fields.ts";
import { type Scene, timeText } from "./scene.ts";

const texts = [
  "Is my appointment still on for tomorrow at ten?",
  "Your parcel is at the front desk. Please bring an ID.",
  "Great, see you then 👍",
  "¿Está abierto el domingo?",
] as const;

const phone = (number: string, ours: boolean, status?: string): Fields => ({
  carrier: ours ? "Telnyx" : "Example Wireless",
  line_type: ours ? "VoIP" : "Wireless",
  phone_number: number,
  ...(status !== undefined && { status }),
});

const messageOf = (scene: Scene, text: string): Fields => ({
  cc: [],
  cost: { amount: "0.0040", currency: "USD" },
  encoding: "GSM-7",
  errors: [],
  id: scene.subject,
  media: [],
  messaging_profile_id: scene.profile,
  organization_id: "00000000-0000-4000-8000-000000000002",
  parts: 1,
  received_at: timeText(scene.startedAt),
  record_type: "message",
  tags: ["sample"],
  text,
  type: "SMS",
  valid_until: null,
});

/** The payload of `message.received`. */
export const received = (scene: Scene, text: string = scene.chance.pick(texts)): Fields => ({
  ...messageOf(scene, text),
  completed_at: null,
  direction: "inbound",
  from: phone(scene.other, false),
  sent_at: null,
  to: [phone(scene.own, true, "webhook_delivered")],
});

/** Somebody wrote STOP, and Telnyx answered for the profile. */
export const optOut = (scene: Scene): Fields => ({
  ...received(scene, "STOP"),
  autoresponse_type: "STOP",
});

/** The payload of `message.sent` or `message.finalized`, by the state reached. */
export const outbound = (
  scene: Scene,
  status: "sent" | "delivered",
  now: number,
): Fields => ({
  // The text of one message stays the same over its events.
  ...messageOf(scene, texts[scene.subject.charCodeAt(0) % texts.length] ?? texts[0]),
  completed_at: status === "sent" ? null : timeText(now),
  direction: "outbound",
  from: phone(scene.own, true),
  sent_at: timeText(scene.startedAt),
  to: [phone(scene.other, false, status)],
});

const faxOf = (scene: Scene): Fields => ({
  call_duration_secs: 20 + scene.chance.below(90),
  connection_id: scene.connection,
  fax_id: scene.subject,
  page_count: 1 + scene.chance.below(5),
  user_id: "00000000-0000-4000-8000-000000000001",
});

/** The payload of `fax.received`. */
export const faxReceived = (scene: Scene): Fields => ({
  ...faxOf(scene),
  direction: "inbound",
  from: scene.other,
  media_url: `https://faxes.example.com/${scene.subject}.pdf`,
  partial_content: false,
  status: "received",
  to: scene.own,
});

/** The payload of `fax.delivered`. */
export const faxDelivered = (scene: Scene): Fields => ({
  ...faxOf(scene),
  client_state: null,
  direction: "outbound",
  from: scene.own,
  original_media_url: "https://documents.example.com/offer.pdf",
  status: "delivered",
  to: scene.other,
});
