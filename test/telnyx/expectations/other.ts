/** Orders, ports, verifications, rooms, SIM cards: known by ids alone. */
import type { Expectation, Expectations } from "./expectation.ts";

const known = (id: string, ...ids: readonly string[]): Expectation => ({
  id,
  channel: "other",
  ids,
});

const order = "a6d6633e-824b-4042-a2b7-5ac0cccd799b";

export const numberOrders: Expectations = {
  "number_order/advanced_order.new_comment.json": known(
    "236a47ea-ac71-4df0-aa3e-55f249c72818",
    order,
  ),
  "number_order/advanced_order.status_update-2.json": known(
    "e5704883-c9d5-40f4-b089-d48495b1e14e",
    order,
  ),
  "number_order/advanced_order.status_update-6.json": known(
    "607d5f1b-2763-4dd1-8ced-ebf786f70996",
    "7c179258-e676-4844-81a4-a6cb626075db",
  ),
  "number_order/advanced_order.status_update.json": known(
    "83996511-474b-4cbe-afc3-14c9c0144404",
    order,
  ),
};

const moved = ["my_ref_001", "ce2f4509-d166-4834-a0b9-e3ecb469a537"];
const charlie = ["1-alpha-2-bravo-3-charlie", "3594c6c3-51a7-4306-b715-ca3765f13464"];
const changed = "porting/porting_order.status_changed";

/** The two sides of a split are orders. */
export const ports: Expectations = {
  "porting/porting_order.messaging_changed-2.json": known(
    "626110d0-fab6-4a13-9183-3b331c41ccac",
    ...moved,
  ),
  "porting/porting_order.messaging_changed.json": known(
    "626110d0-fab6-4a13-9183-3b331c41ccac",
    ...moved,
  ),
  "porting/porting_order.new_comment.json": known(
    "6cafaed2-05f4-4791-9bcf-2392a0c912ef",
    "b3d55519-25c8-4af4-a50a-c92a9ddf7da4",
  ),
  "porting/porting_order.split.json": known(
    "a98be460-2d1e-42b7-8c0d-d516c352efd2",
    "a6efe074-0a3a-4522-8512-d0e004cf6c7d",
    "ef245340-da3d-4212-8769-1fa7672a675f",
  ),
  [`${changed}-2.json`]: known("12ae614e-ed37-4a19-9fe3-2b69bf33d429", ...charlie),
  [`${changed}-3.json`]: known("72322cb3-b6c6-46a4-a571-21a759c02da0", ...charlie),
  [`${changed}-4.json`]: known("80227461-b684-4e89-a1a9-5055a2b4d8ef", ...charlie),
  [`${changed}-5.json`]: known("334e12a2-a016-489e-a2b6-7abb46637327", ...charlie),
};

const away = "477bf6c3-c6b9-478a-a035-33bd785d6ae7";

/** Where a number should be, these have a placeholder, which is none. */
export const portouts: Expectations = {
  "portout/portout.foc_date_changed.json": known(
    "0a9af296-a217-498c-a1ac-651a9fb0b2f5",
    "330f47af-4296-417a-84f6-05cec6ea5a8d",
  ),
  "portout/portout.new_comment.json": known(
    "0a9af296-a217-498c-a1ac-651a9fb0b2f5",
    "330f47af-4296-417a-84f6-05cec6ea5a8d",
    "10ecb41e-c7b6-49a7-bf4a-23d8688b3ed6",
  ),
  "portout/portout.status_changed-2.json": known("70d3c550-f4bd-4fa4-8502-d40d265355c4", away),
  "portout/portout.status_changed-3.json": known("92db90da-409d-42bb-88a2-13741ac5f2cc", away),
  "portout/portout.status_changed-5.json": known(
    "c147c471-e051-4cda-a547-c2f7e12b3445",
    "b31bf5a7-cebb-4ae1-a34f-e3f6af550413",
  ),
  "portout/portout.status_changed.json": known("3b19372e-38d4-4a9e-855f-a5a9ed5db4c2", away),
};

/** The number in them is the end user's, and on neither side. */
export const verifications: Expectations = {
  "verify/verification.complete.json": known(
    "hash",
    "YOUR_PROFILE_ID",
    "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
  ),
  "verify/verify.delivered.json": known(
    "3bb6321b-abd5-4d60-8cf8-1e6026bb1c41",
    "010d9dee-d86d-47d0-8d6c-20c0f95a79ec",
    "49000192-1bdb-c56f-3de7-e008ef6da16b",
  ),
};

const room = "0ccc7b54-4df3-4bca-a65a-35a1ecc777f0";
const inRoom = known("6b61621f-62e0-4aad-ab11-9fd19e272e73", room);

/** Telnyx's examples of participants and recordings carry other events' types. */
export const rooms: Expectations = {
  "video/video.room.composition.completed.json": known(
    "d51754fc-6888-4b0e-8f29-fc3ae41250cd",
    "2fbf2c0d-b6aa-463f-aeed-83ce298be978",
  ),
  "video/video.room.participant.joined.json": { ...inRoom, type: "video.room.session.started" },
  "video/video.room.participant.left.json": { ...inRoom, type: "video.room.session.started" },
  "video/video.room.recording.completed.json": { ...inRoom, type: "video.room.recording.started" },
  "video/video.room.recording.started.json": inRoom,
  "video/video.room.session.started.json": inRoom,
};

export const simCards: Expectations = {
  "wireless/sim_card.status_changed.json": known(
    "hash",
    "6b14e151-8493-4fa1-8664-1cc4e6d14158",
    "f1f7e3a0-1c2b-4d3e-9a8b-0c1d2e3f4a5b",
  ),
};
