import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import fc from "fast-check";
import { joined, minified, trimmed } from "../../src/batch/member.ts";
import { textOf } from "./shared.ts";

describe("trimmed()", () => {
  it("takes JSON's white space from both ends, and nothing else", () => {
    assert.equal(textOf(trimmed(Buffer.from(" \t\r\n{ } \n\t"))), "{ }");
    assert.equal(textOf(trimmed(Buffer.from("\u00a0{}\f"))), "\u00a0{}\f");
    assert.equal(trimmed(Buffer.from(" \n")).byteLength, 0);
  });
});

const minifiedText = (text: string) => textOf(minified(Buffer.from(text)));

/** A JSON text with white space wherever JSON allows it. */
function spaced(value: unknown, spaces: readonly string[]): string {
  let next = 0;
  const space = () => spaces[next++ % spaces.length] ?? "";
  const write = (one: unknown): string => {
    if (Array.isArray(one)) return `[${space()}${one.map(write).join(`,${space()}`)}${space()}]`;
    if (typeof one !== "object" || one === null) {
      return `${space()}${JSON.stringify(one)}${space()}`;
    }
    const pairs = Object.entries(one).map(([key, inner]) =>
      `${JSON.stringify(key)}${space()}:${write(inner)}`
    );
    return `{${space()}${pairs.join(`,${space()}`)}${space()}}`;
  };
  return write(value);
}

describe("minified()", () => {
  it("takes white space from outside strings alone", () => {
    assert.equal(minifiedText(' { "a b" : [ 1.50 , "\t" ] }\r\n'), '{"a b":[1.50,"\t"]}');
    assert.equal(minifiedText('{"a": "\\" b \\\\" , "c\\\\": 1}'), '{"a":"\\" b \\\\","c\\\\":1}');
    assert.equal(minifiedText('["\\\\\\" x", "größer 🎉 "]'), '["\\\\\\" x","größer 🎉 "]');
    assert.equal(minifiedText(""), "");
  });

  it("makes one line of every JSON text, which says the same", () => {
    const space = fc.string({ unit: fc.constantFrom(" ", "\n", "\r", "\t"), maxLength: 3 });
    const spaces = fc.array(space, { minLength: 1, maxLength: 9 });
    fc.assert(fc.property(fc.jsonValue(), spaces, (value, some) => {
      assert.equal(minifiedText(spaced(value, some)), JSON.stringify(value));
    }));
  });
});

describe("joined()", () => {
  it("puts a text between each two", () => {
    const texts = (count: number) => Array.from({ length: count }, (_, at) => Buffer.from(`${at}`));
    const of = (count: number) => textOf(Buffer.concat(joined(texts(count), Buffer.from("-"))));
    assert.deepEqual([of(0), of(1), of(3)], ["", "0", "0-1-2"]);
  });
});
