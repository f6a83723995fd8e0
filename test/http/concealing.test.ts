import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createServer } from "node:http";
import { describe, it } from "node:test";
import fc from "fast-check";
import { concealed } from "../../src/http/concealing.ts";
import { openSender } from "./sending.ts";

/** A backend that answers what it was asked, headers and all. */
async function openEcho() {
  const server = createServer(({ rawHeaders, url }, response) => {
    response.statusCode = 404;
    response.end(`Cannot POST ${url}\n${rawHeaders.join("\n")}\nwhsec_${own}\n${own}`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  return {
    url: `http://127.0.0.1:${port}/hooks/path-secret?token=query-secret&v=1`,
    [Symbol.dispose]: () => void server.close(),
  };
}

const own = Buffer.alloc(24, 7).toString("base64");

describe("concealed()", () => {
  it("takes out every value, and what follows a scheme word", () => {
    const secrets = ["Bearer s3cr3t-token", "api-key-1", "whsec_MDEyMzQ1"];
    const text = "Bearer s3cr3t-token, s3cr3t-token, api-key-1; whsec_MDEyMzQ1 MDEyMzQ1";
    assert.equal(concealed(text, secrets), "•••, •••, •••; ••• •••");
  });

  it("takes out what the end of the text cuts off", () => {
    assert.equal(concealed("you sent Bearer s3cr3t", ["Bearer s3cr3t-token"]), "you sent •••");
    assert.equal(concealed("you sent s3cr3t-", ["Bearer s3cr3t-token"]), "you sent •••");
    assert.equal(concealed("you sent s3cr3", ["s3cr3t-token"]), "you sent s3cr3");
  });

  it("leaves what is short alone, and a text that has none of it", () => {
    assert.equal(concealed("blue and Basic x", ["blue", "Basic x", ""]), "blue and •••");
    assert.equal(concealed("not today", ["Bearer s3cr3t-token"]), "not today");
  });

  it("leaves none of them, whatever is around", () => {
    const secret = fc.string({ minLength: 6, maxLength: 12, unit: "grapheme-ascii" })
      .filter((text) => text.trim() === text);
    const secrets = fc.array(secret, { minLength: 1, maxLength: 4 });
    const between = fc.array(fc.string({ maxLength: 4 }), { minLength: 5, maxLength: 5 });
    fc.assert(fc.property(secrets, between, (all, [first = "", ...rest]) => {
      const text = all.reduce((sum, one, index) => `${sum}${one}${rest[index]}`, first);
      const kept = concealed(text, all);
      for (const one of all) assert.ok(!kept.includes(one), kept);
    }));
  });
});

describe("createSender()", () => {
  it("keeps nothing that a backend echoes of its own secrets", async () => {
    using echo = await openEcho();
    using sender = openSender();
    const { url } = echo;
    const headers = { authorization: "Bearer s3cr3t-token", "x-key": "k3y-k3y", "x-team": "blue" };
    const to = { url, headers, secrets: [Buffer.from(own, "base64")] };
    const { text = "", status } = await sender.sendTo(to);
    assert.equal(status, 404);
    assert.match(text, /^Cannot POST •••\?token=•••&v=1\n/);
    assert.match(text, /\nx-team\nblue\n/);
    for (const secret of ["s3cr3t", "k3y-k3y", "path-secret", "query-secret", own]) {
      assert.ok(!text.includes(secret), secret);
    }
  });
});
