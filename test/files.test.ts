import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import process from "node:process";
import { describe, it } from "node:test";
import { makeFolder, readOrCreate, replaceFile, syncFolder } from "../src/files.ts";
import { temporaryFolder } from "./support/folder.ts";

const modeOf = (path: string) => statSync(path).mode & 0o777;

describe("makeFolder()", () => {
  it("makes a folder and those above it, for their owner only", async () => {
    await using folder = await temporaryFolder();
    makeFolder(folder.file("a/b/c"));
    for (const path of ["a", "a/b", "a/b/c"]) assert.equal(modeOf(folder.file(path)), 0o700);
  });

  it("takes paths as people write them, and leaves what is there as it is", async () => {
    await using folder = await temporaryFolder();
    mkdirSync(folder.file("a"));
    chmodSync(folder.file("a"), 0o755);
    makeFolder(folder.file("a/"));
    makeFolder(folder.file("a/b/../c/"));
    makeFolder(relative(process.cwd(), folder.file("a/d/e")));
    assert.equal(modeOf(folder.file("a")), 0o755);
    assert.equal(modeOf(folder.file("a/c")), 0o700);
    assert.equal(modeOf(folder.file("a/d/e")), 0o700);
    syncFolder(folder.path);
  });
});

describe("replaceFile()", () => {
  it("replaces a file, for its owner only, and leaves nothing else behind", async () => {
    await using folder = await temporaryFolder();
    const path = folder.file("key");
    replaceFile(path, "one");
    chmodSync(path, 0o644);
    replaceFile(path, "two");
    assert.equal(readFileSync(path, "utf8"), "two");
    assert.equal(modeOf(path), 0o600);
    assert.deepEqual(readdirSync(folder.path), ["key"]);
  });

  it("leaves nothing behind when it fails", async () => {
    await using folder = await temporaryFolder();
    mkdirSync(folder.file("key"));
    assert.throws(() => replaceFile(folder.file("key"), "one"));
    assert.deepEqual(readdirSync(folder.path), ["key"]);
  });
});

describe("readOrCreate()", () => {
  it("makes a file once, with its folder, for its owner only", async () => {
    await using folder = await temporaryFolder();
    const path = folder.file("state/key");
    assert.equal(readOrCreate(path, () => "one"), "one");
    assert.equal(readOrCreate(path, () => "two"), "one");
    assert.equal(modeOf(path), 0o600);
    assert.deepEqual(readdirSync(folder.file("state")), ["key"]);
  });

  it("takes what somebody else made meanwhile", async () => {
    await using folder = await temporaryFolder();
    const path = folder.file("key");
    const slow = () => {
      writeFileSync(path, "theirs");
      return "ours";
    };
    assert.equal(readOrCreate(path, slow), "theirs");
    assert.deepEqual(readdirSync(folder.path), ["key"]);
  });

  it("leaves nothing behind when it fails", async () => {
    await using folder = await temporaryFolder();
    const broken = () => {
      throw new Error("no randomness");
    };
    assert.throws(() => readOrCreate(folder.file("key"), broken), /no randomness/);
    assert.throws(() => readOrCreate(folder.path, () => "a file"), /EISDIR/);
    assert.deepEqual(readdirSync(folder.path), []);
  });
});
