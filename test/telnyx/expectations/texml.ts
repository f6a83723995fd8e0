/** TeXML, whose callbacks have no id and no direction; API v1; assistants. */
import {
  connection,
  exampleId,
  type Expectation,
  type Expectations,
  keyed,
  keys,
  sided,
  type Told,
} from "./expectation.ts";

interface Texml extends Told {
  readonly sid: string;
  readonly parent?: string;
}

/** About the call that dialed it, if one did. */
function texml({ sid, parent, ...told }: Texml): Expectation {
  const [call] = keys(["CallSid", parent ?? sid]);
  const joins = { legs: keys(["CallSid", sid]), sessions: keys(["CallSid", parent]) };
  return { channel: "voice", ...joins, ...(call && { about: call, call }), ...sided(told) };
}

const dialed = {
  id: "hash",
  from: "+35319605860",
  to: "+13129457420",
  connection: "1234567890",
  sid: "v3:9X2vxPDFY2RHSJ1EdMS0RHRksMTg7ldNxdjWbVr9zBjbGjGsSe-aiQ",
};
const dialing = "v3:MdI91X4lWFEs7IgbBEOT9M4AigoY08M0WWZFISt1Yw2axZ_IiE4pqg";
const recorded = {
  id: "hash",
  connection: "1234567890",
  sid: "v2:qiaymU9Ij90xJRRkYGWHOIx_41EVJPrzlny2zC67hwL1wVIUnnMrqQ",
};

/** An instruction fetch wants an answer that we do not give; as an event it is a call's. */
export const texmls: Expectations = {
  "texml/texml.call.answered.form": texml({
    ...dialed,
    type: "texml.call.in-progress",
    parent: "v3:parent-call-id",
  }),
  "texml/texml.call.answered.json": texml({
    ...dialed,
    type: "texml.call.in-progress",
    parent: "v3:parent-call-id",
  }),
  "texml/texml.call.completed.json": texml({
    id: "hash",
    from: "+18445931290",
    to: "+13122010055",
    sid: "v2:7V3r4VFCGLTzKLOveE0-7vM9dX17-NRQgU1byo-uuOIX9JcDadLLKw",
    stage: "ends",
  }),
  "texml/texml.call.initiated.json": texml({ ...dialed, parent: dialing, stage: "begins" }),
  "texml/texml.call.ringing.form": texml({ ...dialed, parent: dialing }),
  "texml/texml.instruction_fetch.json": texml({
    id: "hash",
    type: "texml.call.in-progress",
    from: "+13122010091",
    to: "+13122010090",
    connection: "1568109700606592442",
    sid: "fcc47bc6-e428-11ed-ad79-02420aef00b4",
  }),
  "texml/texml.recording.completed.form": texml(recorded),
  "texml/texml.recording.in_progress.json": texml({
    ...recorded,
    type: "texml.recording.in-progress",
  }),
};

const leg = "call_leg_id:428c31b6-7af4-4bcb-b7f5-5013ef9657c1";
const call = "call_session_id:428c31b6-abf3-3bc1-b7f4-5013ef9657c1";
const answered = {
  type: "call.answered",
  id: exampleId,
  channel: "voice",
  tellsDirection: true,
  connection,
  sessions: [call],
  about: call,
  call,
} as const;

export const v1: Expectations = {
  "v1/envelope.metadata_event.json": {
    ...answered,
    from: ["+8005550199"],
    to: ["+8005550100"],
    legs: [leg, "call_control_id:v2:F5_vIJVqrosogeY_2L_JhCEHd2Dh-x4xz7tROTbh34tg6Zsk4JJc-w"],
  },
  "v1/v1.call_answered.json": {
    ...answered,
    from: ["+35319605860"],
    to: ["+18005550199"],
    legs: [leg, "call_control_id:AgDIxmoRX6QMuaIj_uXRXnPAXP0QlNfXczRrZvZakpWxBlpw48KyZQ=="],
  },
  "v1/v1.sms_outbound_status.json": {
    id: "hash",
    type: "message.sent",
    channel: "messaging",
    direction: "outbound",
    from: ["+18005550100"],
    to: ["+18005550199"],
    profile: "3dgnn65-7f81-4b71-b4g6-64a65ac29e8d",
    ...keyed("message_id", "403171cc-e934-4978-bada-2701bbdb69e7"),
    state: "message_id:403171cc-e934-4978-bada-2701bbdb69e7 +18005550199",
  },
};

/** The agent's number is ours; the end user's is not read. */
function assistant(id: string, number: string, control: string, name: string): Expectation {
  const call = `call_control_id:${control}` as const;
  return { id, channel: "voice", ours: [number], ids: [name], legs: [call], about: call, call };
}

export const assistants: Expectations = {
  "ai_assistant/assistant.initialization-2.json": {
    id: "event_id",
    channel: "voice",
    ours: ["+1234567890"],
  },
  "ai_assistant/assistant.initialization.json": assistant(
    "event_12345678-90ab-cdef-1234-567890abcdef",
    "+13128675309",
    "v3:u5OAKGEPT3Dx8SZSSDRWEMdNH2OripQhO",
    "assistant_12345678-90ab-cdef-1234-567890abcdef",
  ),
  "ai_assistant/dynamic_variables-2.json": assistant(
    "hash",
    "+16282564269",
    "v3:abc123",
    "assistant-...",
  ),
  "ai_assistant/dynamic_variables.json": assistant(
    "hash",
    "+16282564269",
    "v3:abc123",
    "assistant-...",
  ),
};
