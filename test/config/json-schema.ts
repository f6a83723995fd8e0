/** A checker of the few keywords that our schema uses; it throws for one that it does not know. */
import { isDeepStrictEqual } from "node:util";

type Schema = Readonly<Record<string, unknown>>;
type Check = (rule: unknown, value: unknown, schema: Schema) => boolean;

const isObject = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isSchema = (rule: unknown): rule is Schema => isObject(rule);

function typeOf(value: unknown): readonly string[] {
  if (value === null) return ["null"];
  if (Array.isArray(value)) return ["array"];
  return Number.isInteger(value) ? ["integer", "number"] : [typeof value];
}

const list = (rule: unknown): readonly unknown[] => Array.isArray(rule) ? rule : [rule];

const fits = (rule: unknown, value: unknown) => isSchema(rule) && accepts(rule, value);

/** Whether every entry satisfies, or the value has none. */
function entriesFit(value: unknown, fit: (key: string, value: unknown) => boolean): boolean {
  return !isObject(value) || Object.entries(value).every(([key, inner]) => fit(key, inner));
}

const checks: Readonly<Record<string, Check>> = {
  type: (rule, value) => list(rule).some((type) => typeOf(value).includes(String(type))),
  const: isDeepStrictEqual,
  enum: (rule, value) => list(rule).some((one) => isDeepStrictEqual(one, value)),
  not: (rule, value) => !fits(rule, value),
  anyOf: (rule, value) => list(rule).some((one) => fits(one, value)),
  pattern: (rule, value) => typeof value !== "string" || new RegExp(String(rule), "u").test(value),
  minimum: (rule, value) => typeof value !== "number" || value >= Number(rule),
  maximum: (rule, value) => typeof value !== "number" || value <= Number(rule),
  items: (rule, value) => !Array.isArray(value) || value.every((item) => fits(rule, item)),
  minItems: (rule, value) => !Array.isArray(value) || value.length >= Number(rule),
  required: (rule, value) =>
    !isObject(value) || list(rule).every((key) => Object.hasOwn(value, String(key))),
  properties: (rule, value) =>
    entriesFit(
      value,
      (key, inner) => !isSchema(rule) || !Object.hasOwn(rule, key) || fits(rule[key], inner),
    ),
  additionalProperties: (rule, value, { properties = {} }) =>
    entriesFit(
      value,
      (key, inner) => isSchema(properties) && Object.hasOwn(properties, key) || fits(rule, inner),
    ),
  propertyNames: (rule, value) => entriesFit(value, (key) => fits(rule, key)),
};

const silent = ["$schema", "title", "description", "default"];

/** Whether a value, as YAML's core types read it, satisfies a schema. */
export function accepts(schema: Schema, value: unknown): boolean {
  return Object.entries(schema).filter(([keyword]) => !silent.includes(keyword))
    .every(([keyword, rule]) => {
      const check = checks[keyword];
      if (check === undefined) throw new Error(`The checker does not know "${keyword}"`);
      return check(rule, value, schema);
    });
}
