/** Event types as the config names them: `call.dtmf.*`, `*` standing for any characters. */

/** Types remembered per list: Telnyx has a few hundred. */
const rememberedMax = 2_000;

const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

/** A test for the types that one of these patterns names. */
export function matcherOf(patterns: readonly string[]): (type: string) => boolean {
  if (patterns.length === 0) return () => false;
  const source = patterns.map((pattern) => pattern.split("*").map(escaped).join(".*")).join("|");
  const expression = new RegExp(`^(?:${source})$`, "s");
  const known = new Map<string, boolean>();
  return (type) => {
    const found = known.get(type);
    if (found !== undefined) return found;
    const matches = expression.test(type);
    if (known.size < rememberedMax) known.set(type, matches);
    return matches;
  };
}
