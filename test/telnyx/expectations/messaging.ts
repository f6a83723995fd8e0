/** Messages, and what is about messaging: campaigns, hosted numbers, WhatsApp, links. */
import { type Expectation, type Expectations, keyed, sided, type Told } from "./expectation.ts";

function message({ message, ...told }: Told & { readonly message?: string }): Expectation {
  return { channel: "messaging", ...sided(told), ...keyed("message_id", message) };
}

/** An agent stands where a number might; some samples name nobody at all. */
export const messages: Expectations = {
  "messaging/link_clicked.json": message({
    id: "hash",
    to: "+18445550001",
    message: "7ee4241c-f127-47e5-9c34-3aac291f8058",
    direction: "outbound",
    type: "link_clicked",
  }),
  "messaging/message.delivered-2.json": message({
    id: "uuid",
    from: "+15551234567",
    to: "+15559876543",
    message: "msg-uuid",
    stage: "ends",
    direction: "outbound",
    state: "message_id:msg-uuid +15559876543",
  }),
  "messaging/message.delivered.json": message({
    id: "uuid",
    from: "+15551234567",
    to: "+15559876543",
    stage: "ends",
    direction: "outbound",
  }),
  "messaging/message.finalized-2.json": message({
    id: "4ee8c3a6-4995-4309-a3c6-38e3db9ea4be",
    to: "+13125000000",
    direction: "outbound",
    profile: "83d2343b-553f-4c5f-b8c8-fd27004f94bf",
    message: "ac012cbf-5e09-46af-a69a-7c0e2d90993c",
    ids: ["e4448a5c0670c2a9"],
    stage: "ends",
    state: "message_id:ac012cbf-5e09-46af-a69a-7c0e2d90993c +13125000000",
  }),
  "messaging/message.finalized-4.json": message({
    id: "e6e3e550-4e3f-4b3a-9e10-1c2d3e4f5a6b",
    from: "+15551234567",
    to: "+15559876543",
    direction: "outbound",
    message: "b0c7e8cb-6227-4c74-9f32-c7f80c30934b",
    stage: "ends",
    state: "message_id:b0c7e8cb-6227-4c74-9f32-c7f80c30934b +15559876543",
  }),
  "messaging/message.finalized-5.json": message({
    id: "event-uuid",
    to: "+18005551234",
    direction: "outbound",
    message: "40319d48-d075-4490-b230-f981e27f14ec",
    stage: "ends",
    state: "message_id:40319d48-d075-4490-b230-f981e27f14ec +18005551234",
  }),
  "messaging/message.read.json": message({
    id: "7bc4d2e1-3f89-4a12-b5c7-9e8d1a2f3b4c",
    to: "+13125000000",
    direction: "outbound",
    profile: "83d2343b-553f-4c5f-b8c8-fd27004f94bf",
    message: "ac012cbf-5e09-46af-a69a-7c0e2d90993c",
    ids: ["e4448a5c0670c2a9"],
  }),
  "messaging/message.received-11.json": message({
    id: "hash",
    direction: "inbound",
    stage: "ends",
  }),
  "messaging/message.received-13.json": message({
    id: "b301ed3f-1490-491f-995f-6e64e69674d4",
    from: "+13125550001",
    to: "+17735550002",
    direction: "inbound",
    profile: "740572b6-099c-44a1-89b9-6c92163bc68d",
    message: "84cca175-9755-4859-b67f-4730d7f58aa3",
    stage: "ends",
  }),
  "messaging/message.received-14.json": message({
    id: "hash",
    from: "+18005550101",
    to: "+18005550100",
    stage: "ends",
    direction: "inbound",
  }),
  "messaging/message.received-2.json": message({
    id: "bf6307bd-884d-4c1f-b6ea-c62b8c495d3c",
    from: "+18665550001",
    to: "+18445550001",
    direction: "inbound",
    profile: "0f512bda-ae1e-4597-8e11-e5f5686b97d3",
    message: "7ee4241c-f127-47e5-9c34-3aac291f8058",
    stage: "ends",
    ids: ["Greetings"],
  }),
  "messaging/message.received-4.json": message({
    id: "0d7c4fbe-d075-435f-b71b-694391743967",
    from: "+15559876543",
    to: "+15551234567",
    cc: ["+15558765432", "+15557654321", "+15551234567"],
    direction: "inbound",
    profile: "1e0df9c5-8716-4bcf-8fb2-9f6d9527fd95",
    message: "9d12c9d0-5172-429a-8fb9-cc9da297717f",
    stage: "ends",
  }),
  "messaging/message.received-5.json": message({
    id: "hash",
    from: "+15551234567",
    to: "+15559876543",
    stage: "ends",
    direction: "inbound",
  }),
  "messaging/message.received-6.json": message({
    id: "b301ed3f-1490-491f-995f-6e64e69674d4",
    from: "+13125550001",
    to: "+17735550002",
    direction: "inbound",
    profile: "740572b6-099c-44a1-89b9-6c92163bc68d",
    message: "84cca175-9755-4859-b67f-4730d7f58aa3",
    stage: "ends",
  }),
  "messaging/message.received-7.json": message({
    id: "f47ac10b-58cc-4372-a567-0e02b2c3d479",
    from: "+13125550001",
    to: "+17735550002",
    direction: "inbound",
    profile: "740572b6-099c-44a1-89b9-6c92163bc68d",
    message: "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
    stage: "ends",
  }),
  "messaging/message.received-8.json": message({ id: "hash", stage: "ends", direction: "inbound" }),
  "messaging/message.received.json": message({
    id: "bf6307bd-884d-4c1f-b6ea-c62b8c495d3c",
    from: "+18665550001",
    to: "+18445550001",
    direction: "inbound",
    profile: "0f512bda-ae1e-4597-8e11-e5f5686b97d3",
    message: "7ee4241c-f127-47e5-9c34-3aac291f8058",
    stage: "ends",
    ids: ["TCPA3X7", "Greetings"],
  }),
  "messaging/message.sent-2.json": message({
    id: "86f58db9-0fe3-4adc-9d1f-46e66e6e9323",
    from: "+18445550001",
    to: "+18665550001",
    direction: "outbound",
    profile: "dd50eba1-a0c0-4563-9925-b25e842a7cb6",
    message: "3fa85f64-5717-4562-b3fc-2c963f66afa6",
    state: "message_id:3fa85f64-5717-4562-b3fc-2c963f66afa6 +18665550001",
    ids: ["Greetings"],
  }),
  "messaging/message.sent-3.json": message({
    id: "a1b2c3d4-5678-9012-abcd-ef1234567890",
    from: "+13125550001",
    to: "+13125550002",
    direction: "outbound",
    profile: "83d2343b-553f-4c5f-b8c8-fd27004f94bf",
    message: "ac012cbf-5e09-46af-a69a-7c0e2d90993c",
    state: "message_id:ac012cbf-5e09-46af-a69a-7c0e2d90993c +13125550002",
  }),
  "messaging/message.sent-4.json": message({
    id: "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
    from: "+15551234567",
    to: "+15559876543",
    direction: "outbound",
    message: "b0c7e8cb-6227-4c74-9f32-c7f80c30934b",
    state: "message_id:b0c7e8cb-6227-4c74-9f32-c7f80c30934b +15559876543",
  }),
  "messaging/messaging-profile.spend-limit-reached.json": message({
    id: "d21a2887-8007-4bb6-bd7d-f2874829918e",
    profile: "be3eb60a-a346-470a-886c-ab4e421711bd",
  }),
};

const campaign = (id: string, ...ids: readonly string[]): Expectation => ({
  id,
  channel: "messaging",
  ids,
});

const brandId = "97091164-e814-435c-9c1b-14ab2d18e987";
const campaignId = "751c6a5c-907b-43a9-8ada-ba1dc8335b07";
const assigned = { channel: "messaging", ours: ["+16715455939"] } as const;

/** The flat one has no id and no type of Telnyx's. */
export const campaigns: Expectations = {
  "10dlc/10dlc.brand.update-3.json": campaign("a1b2c345-6789-4def-a123-456789abcdef", brandId),
  "10dlc/10dlc.brand.update.json": campaign(
    "02d4f0e2-7a9d-4ebf-86b9-3df81e862d49",
    brandId,
    "BBRAND1",
  ),
  "10dlc/10dlc.campaign.update-2.json": campaign(
    "d4e5f678-9012-4cde-f345-678901234567",
    brandId,
    campaignId,
  ),
  "10dlc/10dlc.campaign.update-3.json": campaign(
    "e5f6a789-0123-4def-a456-789012345678",
    brandId,
    campaignId,
  ),
  "10dlc/10dlc.campaign.update-4.json": campaign(
    "456abc67-7a9d-4ebf-86b9-3df81e862d49",
    brandId,
    campaignId,
  ),
  "10dlc/10dlc.campaign.update-5.json": campaign(
    "789def12-3a4b-5c6d-7e8f-9a0b1c2d3e4f",
    campaignId,
  ),
  "10dlc/10dlc.campaign.update-6.json": campaign(
    "a1b2c345-6789-4def-a123-456789abcdef",
    campaignId,
  ),
  "10dlc/10dlc.campaign.update-7.json": campaign(
    "def45678-90ab-cdef-1234-567890abcdef",
    campaignId,
  ),
  "10dlc/10dlc.campaign.update-8.json": campaign(
    "fed98765-4321-dcba-9876-543210fedcba",
    campaignId,
  ),
  "10dlc/10dlc.campaign.update.json": campaign("c3d4e567-8901-4bcd-ef23-456789012345", campaignId),
  "10dlc/10dlc.phone_number.update-2.json": {
    ...assigned,
    id: "789def12-3a4b-5c6d-7e8f-9a0b1c2d3e4f",
    ids: [campaignId, "C6X6M95"],
  },
  "10dlc/10dlc.phone_number.update-3.json": {
    ...assigned,
    id: "b2c3d456-7890-4abc-def1-234567890abc",
    ids: [campaignId],
  },
  "10dlc/10dlc.phone_number.update.json": {
    ...assigned,
    id: "123abc67-7a9d-4ebf-86b9-3df81e862d49",
    ids: [campaignId],
  },
  "10dlc/campaign_status_update.json": {
    ...campaign(
      "hash",
      "d88dd2aa-1bb9-4ef0-9ec8-1752b80316a5",
      "4b300178-131c-d902-d54e-72d90ba1620j",
    ),
    type: "10dlc.campaign_status_update",
  },
};

const hosted = { channel: "messaging", ours: ["+13125550001"] } as const;
const orders = "hosted_number/messaging_hosted_numbers_orders";

export const hostedNumbers: Expectations = {
  [`${orders}.created.json`]: { ...hosted, id: "hash" },
  [`${orders}.internal_transfer_approval_requested.json`]: {
    ...hosted,
    id: "bf6307bd-884d-4c1f-b6ea-c62b8c495d3c",
    profile: "d0b1dabe-efdb-4bc8-9dd3-11f0d8b5f5b3",
    ids: ["0ccc7b54-4df3-4bca-a65a-3da1ecc777f0"],
  },
  [`${orders}.updated-3.json`]: { ...hosted, id: "hash" },
  [`${orders}.updated.json`]: { id: "hash", channel: "messaging" },
};

export const whatsapp: Expectations = {
  "whatsapp/whatsapp.account.restricted.json": campaign("hash", "1221529010180092"),
  "whatsapp/whatsapp.template.approved.json": campaign("hash", "1221529010180092"),
};
