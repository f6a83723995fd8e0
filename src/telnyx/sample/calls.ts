/** Payloads of sample call events, and the form that TeXML sends. */
import { Buffer } from "node:buffer";
import type { Fields } from "../fields.ts";
import { type Scene, timeText } from "./scene.ts";

/** Which side is ours. */
export type Side = "in" | "out";

const sidesOf = ({ own, other }: Scene, side: Side): Fields =>
  side === "in" ? { from: other, to: own } : { from: own, to: other };

/** Telnyx has no client state on inbound calls before a command sets one. */
function stateOf(scene: Scene, side: Side): string | null {
  if (side === "in") return null;
  const state = { flow: "sample", step: scene.chance.below(9), reference: scene.subject };
  return Buffer.from(JSON.stringify(state)).toString("base64");
}

/** What a carrier leaves in the headers of an INVITE. */
const headersOf = ({ subject, other, session }: Scene): readonly Fields[] => [
  { name: "X-Sample-Reference", value: subject },
  { name: "P-Asserted-Identity", value: `<sip:${other}@carrier.example.net;user=phone>` },
  { name: "P-Charging-Vector", value: `icid-value=${session};orig-ioi=carrier.example.net` },
  { name: "P-Early-Media", value: "supported" },
];

const legOf = (scene: Scene, side: Side): Fields => ({
  call_control_id: scene.control,
  call_leg_id: scene.leg,
  call_session_id: scene.session,
  calling_party_type: side === "in" ? "pstn" : "sip",
  client_state: stateOf(scene, side),
  connection_id: scene.connection,
  custom_headers: headersOf(scene),
  ...sidesOf(scene, side),
  start_time: timeText(scene.startedAt),
  tags: ["sample", side === "in" ? "reception" : "campaign"],
});

/** The payload of `call.initiated`, the only one that tells a direction. */
export function initiated(scene: Scene, side: Side): Fields {
  const { from, to } = sidesOf(scene, side);
  return {
    ...legOf(scene, side),
    caller_id_name: from,
    connection_codecs: "G722,PCMU,PCMA,OPUS,VP8,H264",
    direction: side === "in" ? "incoming" : "outgoing",
    from_sip_uri: `${from}@192.0.2.${scene.chance.below(254) + 1}:5060`,
    offered_codecs: "AMR-WB~OCTET-ALIGN=0,AMR-WB~OCTET-ALIGN=1,PCMU,PCMA,G729",
    shaken_stir_attestation: "A",
    shaken_stir_validated: true,
    state: side === "in" ? "parked" : "bridging",
    to_sip_uri: `${to}@198.51.100.${scene.chance.below(254) + 1}:5060`,
  };
}

/** The payload of `call.answered`. */
export const answered = (scene: Scene, side: Side): Fields => ({
  ...legOf(scene, side),
  codec: "PCMU",
  sampling_rate: 8000,
  state: "answered",
});

/** The payload of `call.dtmf.received`. */
export const pressed = (scene: Scene, side: Side): Fields => ({
  ...legOf(scene, side),
  digit: scene.chance.pick(["1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "*", "#"]),
});

/** The payload of `call.hangup` at this time, in epoch ms. */
export function ended(scene: Scene, side: Side, now: number): Fields {
  const packets = Math.max(1, Math.floor((now - scene.startedAt) / 20));
  return {
    ...legOf(scene, side),
    call_quality_stats: {
      inbound: {
        jitter_max_variance: `${scene.chance.below(60)}.${scene.chance.digits(2)}`,
        jitter_packet_count: "0",
        mos: "4.50",
        packet_count: String(packets),
        skip_packet_count: String(scene.chance.below(20)),
      },
      outbound: { packet_count: String(packets), skip_packet_count: "0" },
    },
    end_time: timeText(now),
    hangup_cause: "normal_clearing",
    hangup_source: scene.chance.pick(["caller", "callee"]),
    sip_hangup_cause: "200",
    state: "hangup",
  };
}

/** The fields of a TeXML status callback, before they become a form. */
export const texmlFields = (
  scene: Scene,
  status: string,
  now: number,
): Readonly<Record<string, string>> => ({
  AccountSid: "00000000-0000-4000-8000-000000000001",
  CallSid: scene.control,
  CallSidLegacy: scene.control,
  CallStatus: status,
  CallbackSource: "call-progress-events",
  CallerId: "Sample Caller",
  ConnectionId: scene.connection,
  From: scene.other,
  SequenceNumber: "0",
  Timestamp: timeText(now),
  To: scene.own,
});
