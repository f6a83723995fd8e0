/**
 * TeXML's callbacks are forms. A tenant gets JSON, so a form becomes an object of its fields, each
 * a string as it was sent, and a list where a field is repeated.
 */
import type { Fields } from "./fields.ts";

/** TeXML's own have about thirty fields and a few KB; transcripts are the longest. */
const formLengthMax = 1024 * 1024;
const formFieldsMax = 1000;

const formType = /^\s*application\/x-www-form-urlencoded\s*(;|$)/i;
const looksLikeForm = /^[A-Za-z][A-Za-z0-9_.-]*=/;

/** Whether to read a text as a form. The text decides first: what begins with `{` is JSON. */
export function isForm(text: string, contentType: string | undefined): boolean {
  if (/^\s*[{[]/.test(text)) return false;
  return contentType === undefined ? looksLikeForm.test(text) : formType.test(contentType);
}

/** The fields of a form; nothing if it is larger than any form of Telnyx. */
export function readForm(text: string): Fields | undefined {
  if (text.length > formLengthMax) return undefined;
  const fields = new Map<string, string | string[]>();
  for (const [name, value] of new URLSearchParams(text)) {
    const before = fields.get(name);
    if (Array.isArray(before)) before.push(value);
    else fields.set(name, before === undefined ? value : [before, value]);
    if (fields.size > formFieldsMax) return undefined;
  }
  return Object.fromEntries(fields);
}
