/**
 * The bytes of every layout, pinned. Batches sealed by an earlier version are rendered by this
 * one: when a digest here differs, do not change it, but give the new layout a new name.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { hash } from "node:crypto";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Layout } from "../../src/batch.ts";
import { isLayout, layoutFor, layouts } from "../../src/batch/layouts.ts";
import type { Member } from "../../src/batch/member.ts";
import { formed, head, json, member, members, textOf } from "./shared.ts";

const names = Object.keys(layouts).filter(isLayout);

interface Pinned {
  readonly members: readonly Member[];
  readonly digest: string;
}

const pinned: Readonly<Record<Layout, Pinned>> = {
  "envelope/1": {
    members,
    digest: "1706259080c99739e5fba0b3c9ebb3c4d45c4dffe880c7f9fac663ebfec4ec25",
  },
  "envelope/1+proof": {
    members,
    digest: "836e636abe39127ebcbda63c4188cce82b441211b10dfab11cb18b36d238cf78",
  },
  "array/1": {
    members,
    digest: "3695b4ee76a083c99527b3383e11b4cc241fa09fafdd4098eb9e6c70b9e308cb",
  },
  "ndjson/1": {
    members,
    digest: "6f6e8ec62422837f240f5d76122b5a0e89dd9fbd777e6d50d84ee331dcf97126",
  },
  "cloudevents/1": {
    members,
    digest: "60af43ba3dd10f887504846138d2b231eb029fd7a63930e273e7c6bc4535c855",
  },
  "single/1": {
    members: [json],
    digest: "b4b404462e3fd5dcaa77d36158b5efcb218a13f25fb41ae2c58be15352f885b0",
  },
  "single/1+form": {
    members: [formed],
    digest: "719631a95e52ea38a1df5475b9b04220f61ff7af88809e8034055d6a0ce45557",
  },
};

const rendered = (layout: Layout, some: readonly Member[] = pinned[layout].members) =>
  textOf(layouts[layout].render(head, some));

describe("layouts", () => {
  it("give exactly these bytes", () => {
    const digests = names.map((name) => [name, hash("sha256", rendered(name))]);
    assert.deepEqual(digests, Object.entries(pinned).map(([name, { digest }]) => [name, digest]));
  });

  it("take as many bytes as are counted, at most", () => {
    const text = fc.string({ unit: "binary", maxLength: 40 });
    const raws = fc.array(fc.tuple(text, fc.dictionary(text, fc.jsonValue()), fc.boolean()), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(fc.property(raws, fc.nat(2_000), fc.constantFrom(...names), (told, more, name) => {
      const { bytesOf, frameBytesOf, membersMax = told.length, render } = layouts[name];
      const some = told.slice(0, membersMax).map(([id, value, isForm]): Member => {
        const one = member(id, ` ${JSON.stringify(value, null, 1)}\r\n`);
        return isForm ? { ...one, form: Buffer.from(`CallSid=${encodeURIComponent(id)}`) } : one;
      });
      const counted = some.reduce((sum, one) => sum + bytesOf(one), 0) +
        frameBytesOf(head, some.length + more);
      const { byteLength } = render(head, some);
      assert.ok(byteLength <= counted, name);
      // An offset is counted with all the digits that it could have.
      assert.ok(counted - byteLength <= 6 + (name.endsWith("proof") ? 20 * some.length : 0), name);
    }));
  });

  it("know their names, and no other", () => {
    assert.ok(isLayout("envelope/1"));
    for (const name of ["envelope/2", "toString", "__proto__", ""]) assert.ok(!isLayout(name));
  });
});

describe("array/1", () => {
  it("is the events as they came, in a list", () => {
    const [first, second] = ['{"data":{"id":"e1","text":"größer \\u00e9 🎉", "n": 1.50}}', "{}"];
    assert.equal(rendered("array/1", [json, member("e2", "{}\n")]), `[${first},${second}]`);
  });
});

describe("ndjson/1", () => {
  it("is a line for each event", () => {
    const first = '{"data":{"id":"e1","text":"größer \\u00e9 🎉","n":1.50}}\n';
    assert.equal(rendered("ndjson/1"), `${first}{"CallSid":"CA1"}\n`);
  });
});

describe("single/1", () => {
  it("is the body as it came, be it JSON or a form", () => {
    assert.equal(rendered("single/1"), textOf(json.raw));
    assert.equal(layouts["single/1"].contentType, "application/json");
    assert.equal(layoutFor("single/1", [json]), "single/1");
    assert.equal(layoutFor("single/1", [formed]), "single/1+form");
    assert.equal(rendered("single/1+form"), "CallSid=CA1&From=%2B1+800");
    const { contentType } = layouts["single/1+form"];
    assert.equal(contentType, "application/x-www-form-urlencoded");
  });

  it("lets a form be a member of any other layout", () => {
    for (const name of names.filter((one) => one !== "single/1")) {
      assert.equal(layoutFor(name, [formed]), name);
    }
  });
});

describe("envelope/1+proof", () => {
  it("says where the bytes are that Telnyx signed", () => {
    const bytes = layouts["envelope/1+proof"].render(head, [json, member("e2", "{ }"), formed]);
    const { events, routing } = JSON.parse(textOf(bytes));
    assert.equal(events.length, 3);
    const spanned = ({ span: [start, end] }: { span: [number, number] }) =>
      textOf(bytes.subarray(start, end));
    assert.deepEqual(routing.slice(0, 2).map(spanned), [textOf(json.raw), "{ }"]);
    assert.equal(routing[2].body, "CallSid=CA1&From=%2B1+800");
    assert.equal("span" in routing[2], false);
    for (const { telnyx_timestamp: at, telnyx_signature: signature } of routing) {
      assert.deepEqual([at, signature], ["1763633725", "c2lnbmF0dXJl"]);
    }
  });
});
