/**
 * Whole flows as Telnyx tells them, each event with the tenants that it truly belongs to: what the
 * numbers, legs and conferences are is known here from the beginning, and to the daemon only from
 * what has arrived.
 */
import { eventOf } from "../pipeline/shared.ts";

export const numbers = {
  acme: "+18005550100",
  beta: "+18005550200",
  nobody: "+18005550900",
  stranger: "+14155550199",
};
/** Gamma has no number: its connection says what is its. */
export const connections = { gamma: "1293384261075731499", shared: "1293384261075731500" };

/** One webhook, and whose it is: nobody's where no tenant is named. */
export interface Told {
  readonly id: string;
  readonly body: object;
  readonly owners: readonly string[];
}

/** Makes the events of one flow; `name` keeps flows apart. */
function scene(name: string) {
  const told: Told[] = [];
  let at = Date.parse("2026-11-20T10:00:00Z");
  return {
    told,
    tell(owners: readonly string[], type: string, payload: object): void {
      const id = `${name}-${told.length + 1}`;
      at += 1_000;
      const occurred_at = new Date(at).toISOString();
      const { data } = eventOf(type, payload, id) as { data: object };
      told.push({ id, owners, body: { data: { ...data, occurred_at } } });
    },
  };
}

type Scene = ReturnType<typeof scene>;

interface Leg {
  readonly name: string;
  readonly session: string;
  readonly connection?: string;
  readonly from: string;
  readonly to: string;
  readonly direction: "incoming" | "outgoing";
  readonly owners: readonly string[];
}

const joinsOf = ({ name, session, connection = connections.shared }: Leg) => ({
  call_leg_id: `leg-${name}`,
  call_control_id: `v3:${name}`,
  call_session_id: `session-${session}`,
  connection_id: connection,
});

/** The events of one leg; half of them name no number, and only the first its direction. */
function tellLeg({ tell }: Scene, leg: Leg): void {
  const joins = joinsOf(leg);
  const { from, to, direction, owners } = leg;
  tell(owners, "call.initiated", { ...joins, from, to, direction, state: "parked" });
  tell(owners, "call.answered", { ...joins, from, to });
  tell(owners, "call.playback.started", joins);
  tell(owners, "call.dtmf.received", { ...joins, from, to, digit: "1" });
  tell(owners, "call.hangup", { ...joins, from, to });
  tell(owners, "call.recording.saved", joins);
  tell(owners, "call.cost", joins);
}

type Flow = (name: string) => readonly Told[];

function flow(tellAll: (scene: Scene, name: string) => void): Flow {
  return (name) => {
    const made = scene(name);
    tellAll(made, name);
    return made.told;
  };
}

const { acme, beta, nobody, stranger } = numbers;

const inbound = flow((scene, name) =>
  tellLeg(scene, {
    name,
    session: name,
    from: stranger,
    to: acme,
    direction: "incoming",
    owners: ["acme"],
  })
);

const outbound = flow((scene, name) =>
  tellLeg(scene, {
    name,
    session: name,
    from: beta,
    to: stranger,
    direction: "outgoing",
    owners: ["beta"],
  })
);

/** Neither number of the new leg is ours: its call says whose it is. */
const transfer = flow((scene, name) => {
  const owners = ["acme"];
  const session = name;
  const first: Leg = {
    name: `${name}a`,
    session,
    from: stranger,
    to: acme,
    direction: "incoming",
    owners,
  };
  tellLeg(scene, first);
  const second = { ...first, name: `${name}b`, to: "+14155550777", direction: "outgoing" } as const;
  tellLeg(scene, second);
});

/** Two legs, one session, two tenants. */
const between = flow((scene, name) => {
  const leg = { session: name, from: acme, to: beta };
  tellLeg(scene, { ...leg, name: `${name}a`, direction: "outgoing", owners: ["acme"] });
  tellLeg(scene, { ...leg, name: `${name}b`, direction: "incoming", owners: ["beta"] });
});

/** The caller shows a number of acme's. */
const spoofed = flow((scene, name) =>
  tellLeg(scene, {
    name,
    session: name,
    from: acme,
    to: beta,
    direction: "incoming",
    owners: ["beta"],
  })
);

/** And calls a number that only its connection tells to be gamma's. */
const spoofedConnection = flow((scene, name) =>
  tellLeg(scene, {
    name,
    session: name,
    connection: connections.gamma,
    from: acme,
    to: "+18005550333",
    direction: "incoming",
    owners: ["gamma"],
  })
);

const nobodys = flow((scene, name) =>
  tellLeg(scene, {
    name,
    session: name,
    from: stranger,
    to: nobody,
    direction: "incoming",
    owners: [],
  })
);

/** Acme's call makes it, beta's call joins; what is about all of it is acme's. */
const conference = flow((scene, name) => {
  const conference_id = `conference-${name}`;
  const make = { from: stranger, to: acme, direction: "incoming", owners: ["acme"] } as const;
  const join = { from: "+14155550888", to: beta, direction: "incoming", owners: ["beta"] } as const;
  const [one, two]: Leg[] = [
    { ...make, name: `${name}a`, session: `${name}a` },
    { ...join, name: `${name}b`, session: `${name}b` },
  ];
  if (one === undefined || two === undefined) return;
  tellLeg(scene, one);
  tellLeg(scene, two);
  const creator_call_session_id = `session-${name}a`;
  const wide = { conference_id, creator_call_session_id, connection_id: connections.shared };
  const { tell } = scene;
  tell(["acme"], "conference.created", { ...joinsOf(one), conference_id });
  for (const leg of [one, two]) {
    const joins = { ...joinsOf(leg), conference_id };
    const sung = { ...joins, creator_call_session_id };
    tell(leg.owners, "conference.participant.joined", joins);
    tell(leg.owners, "conference.floor.changed", joins);
    tell(leg.owners, "conference.participant.playback.started", sung);
    tell(leg.owners, "conference.participant.left", joins);
  }
  tell(["acme"], "conference.speak.started", wide);
  // Beta's leg left last, and is named for that.
  tell(["acme"], "conference.ended", { ...joinsOf(two), conference_id, reason: "all_left" });
});

const party = (phone_number: string) => ({ phone_number });

const messages = flow(({ tell }, name) => {
  const out = { id: `message-${name}`, direction: "outbound", from: party(acme) };
  tell(["acme"], "message.sent", { ...out, to: [party(beta)] });
  tell(["acme"], "message.finalized", { ...out, to: [party(beta)] });
  const received = { direction: "inbound", from: party(acme), to: [party(beta)] };
  tell(["beta"], "message.received", { ...received, id: `message-${name}-in` });
  const group = { from: party(stranger), to: [party(acme), party(beta)], direction: "inbound" };
  tell(["acme", "beta"], "message.received", { ...group, id: `message-${name}-group` });
});

const faxes = flow(({ tell }, name) => {
  const fax = { fax_id: `fax-${name}`, direction: "inbound", from: acme, to: beta };
  tell(["beta"], "fax.receiving.started", fax);
  tell(["beta"], "fax.received", fax);
});

/** Every flow there is. */
export const flows: readonly Flow[] = [
  inbound,
  outbound,
  transfer,
  between,
  spoofed,
  spoofedConnection,
  nobodys,
  conference,
  messages,
  faxes,
];
