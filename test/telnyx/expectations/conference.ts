/** Conferences: of their creator, of one participant, or of all. */
import {
  at,
  connection,
  example,
  exampleId,
  type Expectation,
  type Expectations,
  joined,
  leg,
  type Legs,
  session,
  v1,
  v2,
  v3,
} from "./expectation.ts";

interface InConference extends Omit<Legs, "conference"> {
  readonly conference: string;
}

/** About the conference, and nobody's call. */
function inConference({ conference, ...told }: InConference): Expectation {
  const about = `conference_id:${conference}` as const;
  return { ...joined(told), about, conferences: [about] };
}

/** Of one leg: joined to its own call, though it may name the creator's, too. */
function participant(told: InConference): Expectation {
  return { ...inConference(told), call: `call_session_id:${told.session}` };
}

const created = (told: InConference): Expectation => ({
  ...participant(told),
  conference: "created",
});

/** Joined to the creator's call. */
const wide = (told: InConference): Expectation => ({ ...inConference(told), conference: "wide" });

export const conference: Expectations = {
  "conference/conference.created-2.json": created({ ...example, control: v1, conference: session }),
  "conference/conference.created-3.json": created({
    id: "2417da8b-40db-4cff-aa64-2e99ae622a0b",
    leg: "76e14842-f2bb-11ea-ad61-02420a0f6c68",
    control: "v2:dzXVmMm8tSSjHiV31PR7kfEvbnTqfsVFWcRZvovzXvUkVTzF4LmINA",
    session: "76e159ea-f2bb-11ea-a796-02420a0f6c68",
    conference: "d97bf063-2111-4457-9f9c-dad4c25f90ff",
    connection: "1447945888356894473",
  }),
  "conference/conference.created.json": created({ ...example, control: v3, conference: session }),
  "conference/conference.ended-2.json": wide({ ...example, control: v1, conference: session }),
  "conference/conference.floor.changed-2.json": participant({
    ...example,
    control: v2,
    conference: session,
  }),
  "conference/conference.floor.changed.json": participant({
    ...example,
    control: v3,
    conference: session,
  }),
  "conference/conference.participant.joined.json": participant({
    ...example,
    control: v3,
    conference: session,
  }),
  "conference/conference.participant.left.json": participant({
    ...example,
    control: v3,
    conference: session,
  }),
  "conference/conference.participant.playback.ended-2.json": participant({
    ...example,
    control: v2,
    conference: session,
  }),
  "conference/conference.participant.playback.started-2.json": participant({
    ...example,
    control: v2,
    conference: session,
  }),
  "conference/conference.participant.playback.started.json": participant({
    ...example,
    control: v3,
    conference: session,
  }),
  "conference/conference.participant.speak.ended-2.json": participant({
    ...example,
    control: v2,
    conference: session,
  }),
  "conference/conference.participant.speak.ended.json": participant({
    ...example,
    control: v3,
    conference: session,
  }),
  "conference/conference.participant.speak.started.json": participant({
    ...example,
    control: v3,
    conference: session,
  }),
  "conference/conference.playback.ended-2.json": wide({
    id: exampleId,
    conference: session,
    connection,
    session: leg,
  }),
  "conference/conference.playback.started-2.json": wide({
    id: exampleId,
    conference: session,
    connection,
    session: leg,
  }),
  "conference/conference.playback.started.json": wide({
    id: exampleId,
    conference: session,
    connection,
    session: leg,
  }),
  "conference/conference.recording.saved-2.json": wide({
    id: exampleId,
    control: v2,
    conference: session,
    connection,
    expiresAt: at("2018-02-02T22:35:27.521Z"),
  }),
  "conference/conference.recording.saved.json": wide({
    expiresAfterMs: 600_000,
    id: exampleId,
    control: v3,
    session: leg,
    conference: session,
    connection,
  }),
  "conference/conference.speak.ended-2.json": wide({
    id: exampleId,
    conference: session,
    connection,
    session: leg,
  }),
  "conference/conference.speak.ended.json": wide({
    id: exampleId,
    conference: session,
    connection,
    session: leg,
  }),
  "conference/conference.speak.started.json": wide({
    id: exampleId,
    conference: session,
    connection,
    session: leg,
  }),
};
