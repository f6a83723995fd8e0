/** What people read of an alarm: one sentence for its beginning, one for its end. */
import type { Alarm } from "../../telemetry.ts";
import type { TenantId } from "../../tenant.ts";

/** Whether an alarm began or ended. */
export type AlarmState = "raised" | "cleared";

const sentences: Readonly<Record<Alarm, Readonly<Record<AlarmState, string>>>> = {
  tenant_failing: {
    raised: 'Tenant "{tenant}" has accepted nothing for five minutes: its events wait',
    cleared: 'Tenant "{tenant}" accepts again',
  },
  circuit_open: {
    raised: 'A URL of tenant "{tenant}" failed five times in a row: it gets one attempt at a time',
    cleared: 'A URL of tenant "{tenant}" that kept failing works again',
  },
  paused_gone: {
    raised: 'Tenant "{tenant}" answered 410 and is paused: its events are kept, nothing is sent',
    cleared: 'Tenant "{tenant}" is no longer paused',
  },
  dead_letters: {
    raised: 'Events of tenant "{tenant}" were given up: they are kept as dead letters',
    cleared: 'No event of tenant "{tenant}" was given up for an hour',
  },
  config_refused: {
    raised: "The config file cannot be used: the last good one stays in force",
    cleared: "The config file can be used again",
  },
  clock_suspect: {
    raised: "Our clock seems to be wrong: webhooks are answered 503",
    cleared: "Our clock agrees with Telnyx's again",
  },
  signatures_refused: {
    raised: "For a minute every webhook had a wrong signature: was Telnyx's key rotated?",
    cleared: "Webhooks are rightly signed again",
  },
  silence: {
    raised: "No webhook has come for far longer than usual",
    cleared: "Webhooks come again",
  },
  webhook_large: {
    raised: 'A webhook was larger than "limits.body" and was answered 413',
    cleared: "No webhook was too large for an hour",
  },
  webhook_encoded: {
    raised: "A webhook was compressed and was answered 415",
    cleared: "No webhook was compressed for an hour",
  },
  synchronous_hook: {
    raised: "A webhook came that waits for an answer of its own, which it does not get here",
    cleared: "No webhook that waits for an answer of its own came for an hour",
  },
  store_broken: {
    raised: "The log cannot be read or written",
    cleared: "The log can be read and written again",
  },
};

/** The sentence for an edge of an alarm. */
export function sentenceOf(alarm: Alarm, state: AlarmState, tenant: TenantId = ""): string {
  return sentences[alarm][state].replaceAll("{tenant}", tenant);
}
