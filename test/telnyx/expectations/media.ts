/** What is done with the media of calls: streams, recordings by SIP, speech. */
import { connection, exampleId, type Expectations, media, v2 } from "./expectation.ts";

const recorded = {
  leg: "31f19208-5db0-11ec-9ea7-02420a0d3a69",
  control: "31f19208-5db0-11ec-9ea7-02420a0d3a69",
  session: "31f19208-5db0-11ec-9ea7-02420a0d3a69",
  connection,
};

export const voiceMedia: Expectations = {
  "voice_media/dialogflow.detectintent.response.json": media({
    id: "22cbf929-9a87-43ab-873b-b832ccf05a05",
    leg: "a3dc0316-dab1-11ec-aaff-02420a0d6669",
    control: "v2:WE_lbN28P-h81n4xeceODATcx9J-FYci6WO4hP3Gp9Sb789WivnkMw",
    session: "a3cf4428-dab1-11ec-84a9-02420a0d6669",
    connection: "1669581837548127492",
  }),
  "voice_media/siprec.failed.json": media({
    ...recorded,
    id: "25dc3731-e51e-4927-a50d-a61cc25984b1",
  }),
  "voice_media/siprec.started.json": media({
    ...recorded,
    id: "7d743d69-f7e8-4761-b7d4-8cacf9d3c031",
  }),
  "voice_media/siprec.stopped.json": media({
    ...recorded,
    id: "25dc3731-e51e-4927-a50d-a61cc25984b1",
  }),
  "voice_media/streaming.started-2.json": media({ id: exampleId, control: v2 }),
  "voice_media/streaming.stopped-2.json": media({ id: exampleId, control: v2 }),
};
