import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openLedger } from "../../src/cli/demo/ledger.ts";

describe("openLedger()", () => {
  it("is in order when every accepted event arrives once, before or after its answer", () => {
    const ledger = openLedger();
    ledger.sent("a", "acme");
    ledger.sent("b", "acme");
    ledger.arrived("acme", "bat_1", ["a"]);
    ledger.accepted("a");
    ledger.accepted("b");
    assert.equal(ledger.missing(), 1);
    ledger.arrived("acme", "bat_2", ["b"]);
    assert.equal(ledger.missing(), 0);
    assert.deepEqual(ledger.wrongs, []);
    assert.deepEqual(ledger.totals(), { accepted: 2, arrived: 2, batches: 2 });
  });

  it("takes a repeated batch for the same one, and a repeated webhook too", () => {
    const ledger = openLedger();
    for (let time = 0; time < 2; time++) {
      ledger.sent("a", "acme");
      ledger.accepted("a");
      ledger.arrived("acme", "bat_1", ["a"]);
    }
    assert.deepEqual(ledger.wrongs, []);
    assert.deepEqual(ledger.totals(), { accepted: 1, arrived: 1, batches: 1 });
  });

  it("tells what arrived twice, elsewhere, or was never sent", () => {
    const ledger = openLedger();
    ledger.sent("a", "acme");
    ledger.arrived("acme", "bat_1", ["a"]);
    ledger.arrived("acme", "bat_2", ["a"]);
    ledger.arrived("globex", "bat_3", ["a"]);
    ledger.arrived("acme", "bat_4", ["forged"]);
    assert.match(ledger.wrongs.join("\n"), /twice\nglobex got event a of acme\n.*nobody sent/);
  });
});
