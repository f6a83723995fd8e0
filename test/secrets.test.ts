import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { findToken, openSeed, openToken, parseSeed, replaceSeed } from "../src/secrets.ts";
import { temporaryFolder } from "./support/folder.ts";

describe("openSeed()", () => {
  it("makes a seed once", async () => {
    await using folder = await temporaryFolder();
    const seed = openSeed(folder.path);
    assert.equal(seed.byteLength, 32);
    assert.deepEqual(openSeed(folder.path), seed);
    const next = new Uint8Array(32).fill(9);
    replaceSeed(folder.file("elsewhere"), next);
    assert.deepEqual(new Uint8Array(openSeed(folder.file("elsewhere"))), next);
  });

  it("says that a seed is damaged, and never makes another in its place", async () => {
    await using folder = await temporaryFolder();
    for (const text of ["", "abc", Buffer.alloc(31).toString("base64"), "!".repeat(44)]) {
      await folder.write("signing.key", text);
      assert.throws(() => openSeed(folder.path), /signing.key": it must be 32 bytes in base64/);
    }
  });
});

describe("parseSeed()", () => {
  it("takes 32 bytes in base64, and white space around them", () => {
    const text = Buffer.alloc(32, 5).toString("base64");
    assert.equal(parseSeed(` ${text}\n`, "x").byteLength, 32);
  });
});

describe("openToken()", () => {
  it("makes a token once", async () => {
    await using folder = await temporaryFolder();
    const token = openToken(folder.path);
    assert.match(token, /^[A-Za-z0-9_-]{32}$/);
    assert.equal(openToken(folder.path), token);
    assert.equal(findToken(folder.path), token);
    assert.equal(findToken(folder.file("elsewhere")), undefined);
  });

  it("takes none that could be guessed", async () => {
    await using folder = await temporaryFolder();
    for (const text of ["", "\n", "short"]) {
      await folder.write("admin.token", text);
      assert.throws(() => openToken(folder.path), /a token has at least 16 characters/);
    }
  });
});
