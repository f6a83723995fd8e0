/** Everything SPEC §1 shows, in one file; the lines marked `later` have no effect yet. */
import { publicKey } from "./fixture.ts";

const text = `listen: 0.0.0.0:8080
tls: { cert: file:cert.pem, key: file:key.pem } # later
trusted_proxies: []
workers: 1
admin:
  listen: [127.0.0.1:8081]
  token: file:token
  read_token: file:read-token
  hosts: [ops.example]
telnyx:
  public_keys: [env:TELNYX_PUBLIC_KEY]
  max_skew: 300s
  api_key: env:TELNYX_API_KEY # later
store:
  path: ./data/aggregator.db
  retention: 72h
  keep: 30d
limits:
  body: 5MiB
  inbox: 2048
  inbox_bytes: 64MiB
  connections: 10000
  deliveries: 1024
  disk: 20GiB
  tenant_disk: 25%
callbacks:
  allow_private: [127.0.0.1/32]
signing:
  key: file:seed
alerts: { url: https://alerts.example, silence: 30m }
log: { level: info }
engine: embedded
defaults:
  window: { max_wait: 5s, max_events: 100, max_bytes: 256KiB }
  immediate: [call.initiated, call.answered, call.bridged, call.hangup, "call.dtmf.*",
    "call.*gather.ended", call.speak.ended, call.playback.ended, call.enqueued,
    "conference.participant.*", streaming.failed]
  drop: []
  format: envelope
  delivery:
    timeout: 15s
    in_flight: 1
    retry: { first: 2s, max: 1m, for: 72h }
    rate: none
    gzip: false
    catch_up: live_first
    include_signatures: false
tenants:
  acme:
    phone_numbers:
      - "+18005559876"
      - "+1312555*"
      - { number: "+18005551111", from: 2026-12-01T00:00:00Z, until: 2027-12-01T00:00:00Z }
    connection_ids: ["1293384261075731499"]
    messaging_profile_ids: [40017a8e-49c1-4a9d-bd6c-1d8c8b6f4d11]
    ids: []
    channels: [voice, messaging, fax, other]
    public_keys: []
    callback_url: https://hooks.acme.example/telnyx
    failover_url: https://backup.acme.example/telnyx
    secrets: [file:secrets/acme]
    secret_version: 1
    headers: { authorization: "Bearer file:secrets/acme-token" }
    paused: false
    window: { max_wait: 60s }
unassigned:
  hold: 72h
  callback_url: https://ops.example/unowned
include: tenants.d/*.yaml
`;

const files = {
  "cert.pem": "-----BEGIN CERTIFICATE-----\n",
  "key.pem": "-----BEGIN PRIVATE KEY-----\n",
  "token": "an-admin-token-0\n",
  "read-token": "a-read-only-token",
  "seed": `${btoa("s".repeat(32))}\n`,
  "secrets/acme": `whsec_${btoa("x".repeat(24))}\n`,
  "secrets/acme-token": "t0ken\n",
  "tenants.d/globex.yaml": "tenants: { globex: { callback_url: https://globex.example } }\n",
};

/** The file, what is beside it, and which of its fields are not yet supported. */
export const full = {
  text,
  files,
  env: { TELNYX_PUBLIC_KEY: publicKey, TELNYX_API_KEY: "KEY0123" },
  notYet: [
    "tls",
    "telnyx.api_key",
  ],
};
