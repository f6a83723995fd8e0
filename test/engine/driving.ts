/** A lane of the log that is driven without an engine. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { type Lanes, openLanes } from "../../src/engine/embedded/lanes.ts";
import { prepareTables } from "../../src/engine/embedded/tables.ts";
import type { WaitingRow } from "../../src/engine/queue.ts";
import { cut, owner } from "./shared.ts";

/** A row of a call that waits. */
export interface Row {
  readonly event: number;
  readonly since: number;
  readonly call: string | undefined;
  readonly immediate: boolean;
}

/** A lane that remembers so many calls, or as many as it does by default. */
function drive(database: DatabaseSync, storiesMax?: number) {
  const open = () => openLanes(database, storiesMax === undefined ? {} : { storiesMax });
  let lanes: Lanes = open();
  const lane = () => lanes.of("acme");
  return {
    add({ event, since, call, immediate }: Row): void {
      lanes.add({
        owner: { ...owner("acme"), immediate, dropped: false },
        event,
        since,
        occurredAt: since,
        bytes: 100,
        subject: call === undefined ? {} : { about: `call_leg_id:${call}` },
      });
    },
    /** The events that a cut finds, and those of them that it takes. */
    take(from: "head" | number, eventsMax: number, part = eventsMax) {
      const whence = from === "head" ? from : { liveFrom: from };
      const picked = lanes.pick(lane(), cut({ from: whence, eventsMax }));
      assert.ok(picked);
      const taken = picked.rows.slice(0, part);
      if (taken.length > 0) lanes.take(lane(), picked, { batch: { id: "bat_1" }, taken });
      const eventsOf = (rows: readonly WaitingRow[]) => rows.map(({ event }) => event);
      return { found: eventsOf(picked.rows), taken: eventsOf(taken) };
    },
    bury(since: number): void {
      lanes.remove(lane(), lanes.olderThan(lane(), since, 1_000));
    },
    undone(work: () => void): void {
      database.exec("BEGIN");
      work();
      database.exec("ROLLBACK");
      lanes.recover();
    },
    reopen: () => void (lanes = open()),
  };
}

export type Driven = ReturnType<typeof drive>;

/** The tables of a log, in memory. */
export function openTables(): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  prepareTables(database, ":memory:");
  return database;
}

/** A lane in a log of its own. */
export function driven(storiesMax: number | undefined, check: (lane: Driven) => void): void {
  const database = openTables();
  check(drive(database, storiesMax));
  database.close();
}

/** Adds events of these calls, numbered from there; `!` makes one immediate. */
export function addAll(lane: Driven, start: number, ...calls: readonly string[]): void {
  for (const [index, name] of calls.entries()) {
    const event = start + index;
    const [call = ""] = name.split("!");
    lane.add({ event, since: event, call, immediate: name.endsWith("!") });
  }
}
