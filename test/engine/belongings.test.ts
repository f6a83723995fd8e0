/** Both tables of who had what, against a model that remembers everything. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { describe, it } from "node:test";
import fc from "fast-check";
import { openBelongings } from "../../src/engine/embedded/belongings.ts";
import { prepareTables } from "../../src/engine/embedded/tables.ts";
import { createMemoryBelongings } from "../../src/engine/memory/held.ts";
import type { Belongings } from "../../src/engine.ts";
import type { Channel } from "../../src/tenant.ts";

const keys = ["number:+1", "id:x"] as const;
const channels: readonly Channel[] = ["voice", "fax"];
const until = 1_000;

function openTable(database: DatabaseSync) {
  prepareTables(database, ":memory:");
  return openBelongings(database);
}

const told: fc.Arbitrary<Belongings> = fc.record({
  tenant: fc.constantFrom("acme", "beta"),
  keys: fc.subarray([...keys]),
  channels: fc.subarray([...channels], { minLength: 1 }),
}).map((one) => {
  const on = one.keys.length === 0 ? [] : one.channels;
  return { ...one, channels: on, digest: one.keys.length === 0 ? "" : `${one.keys} ${on}` };
});

const owns = (one: Belongings | undefined, key: string, channel: Channel): boolean =>
  one !== undefined && one.keys.includes(key) && one.channels.includes(channel);

/** Who had this on this channel once, and does not have it now. */
function formerIn(history: readonly Belongings[], key: string, channel: Channel): string[] {
  return ["acme", "beta"].filter((tenant) => {
    const own = history.filter((one) => one.tenant === tenant);
    return own.some((one) => owns(one, key, channel)) && !owns(own.at(-1), key, channel);
  });
}

describe("formerOwners()", () => {
  const tables = {
    memory: () => createMemoryBelongings(),
    embedded: () => openTable(new DatabaseSync(":memory:")),
  };

  for (const [name, open] of Object.entries(tables)) {
    it(`of the engine ${name} knows whoever had it and has it no more, by channel`, () => {
      fc.assert(
        fc.property(fc.array(told, { minLength: 3, maxLength: 8 }), (history) => {
          const table = open();
          for (const one of history) table.put(one, until);
          for (const key of keys) {
            for (const channel of channels) {
              const found = [...new Set(table.formerOwners(key, channel, until))].sort();
              assert.deepEqual(found, formerIn(history, key, channel), `${key} ${channel}`);
            }
          }
        }),
        { numRuns: 60 },
      );
    });

    it(`of the engine ${name} forgets them in time`, () => {
      const table = open();
      const had: Belongings = { tenant: "acme", keys: ["id:x"], channels: ["fax"], digest: "1" };
      table.put(had, until);
      table.put({ ...had, keys: [], channels: [], digest: "" }, until);
      assert.deepEqual(table.formerOwners("id:x", "fax", until), ["acme"]);
      assert.deepEqual(table.formerOwners("id:x", undefined, until), ["acme"]);
      assert.deepEqual(table.formerOwners("id:x", "voice", until), []);
      assert.deepEqual(table.formerOwners("id:x", "fax", until + 1), []);
      table.forget(until);
      assert.deepEqual(table.formerOwners("id:x", "fax", until), ["acme"]);
      table.forget(until + 1);
      assert.deepEqual(table.formerOwners("id:x", "fax", until), []);
      assert.deepEqual(table.digests(), []);
    });
  }
});
