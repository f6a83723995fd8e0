import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, it } from "node:test";
import { confirmed } from "../../src/cli/confirm.ts";

const terminal = (isTTY: boolean) => Object.assign(new PassThrough(), { isTTY });

/** What somebody who types this has said. */
function said(typed: string): Promise<boolean | undefined> {
  const input = terminal(true);
  const asked = confirmed("Really?", { input, output: terminal(true) });
  input.end(typed);
  return asked;
}

describe("confirmed()", () => {
  it("takes only a yes for one", async () => {
    for (const yes of ["y\n", "Y\n", "yes\n", " YES \n"]) assert.equal(await said(yes), true, yes);
    for (const no of ["\n", "n\n", "no\n", "yep\n", "yes no\n"]) {
      assert.equal(await said(no), false, no);
    }
  });

  it("takes the end of the input for a no", async () => {
    assert.equal(await said(""), false);
  });

  it("asks nobody where there is no terminal", async () => {
    for (const [input, output] of [[false, true], [true, false], [false, false]] as const) {
      const asking = { input: terminal(input), output: terminal(output) };
      assert.equal(await confirmed("Really?", asking), undefined);
      assert.equal(asking.output.read(), null);
    }
  });
});
