/** What every engine promises: the port's contract, one part per idea. */
import { describe, it } from "node:test";
import type { Engine } from "../../src/engine.ts";
import { describeAppend } from "./append.ts";
import { describeBelongings } from "./belongings.ts";
import { describeCalls } from "./calls.ts";
import { describeClock } from "./clock.ts";
import { describeHandout } from "./handout.ts";
import { describeHistories } from "./histories.ts";
import { describeLetters } from "./letters.ts";
import { describeLive } from "./live.ts";
import { describeOrder } from "./order.ts";
import { describePruning } from "./pruning.ts";
import { describeReplayed } from "./replayed.ts";
import { describeRedelivering } from "./redelivering.ts";
import { describeReplaying } from "./replaying.ts";
import { describeReturning } from "./returning.ts";
import { describeSealing } from "./sealing.ts";
import { describeSessions } from "./sessions.ts";
import { describeSettling } from "./settling.ts";
import { describeSplitting } from "./splitting.ts";
import { describeStanding } from "./standing.ts";
import { describeUnassigned } from "./unassigned.ts";
import { describeUrgency } from "./urgent.ts";

/** Opens an empty engine. */
export type Open = () => Promise<Engine>;

/** Declares one promise of the port. */
export type Promised = (what: string, check: (engine: Engine) => Promise<void>) => void;

/** Runs the contract against an implementation. */
export function describeEngine(name: string, open: Open): void {
  const promised: Promised = (what, check) => {
    it(what, async () => {
      await using engine = await open();
      await check(engine);
    });
  };
  describe(`${name}: append()`, () => describeAppend(promised));
  describe(`${name}: calls`, () => describeCalls(promised));
  describe(`${name}: what nobody owns`, () => describeUnassigned(promised));
  describe(`${name}: what passes to another`, () => describeBelongings(promised));
  describe(`${name}: lanes()`, () => describeHandout(promised));
  describe(`${name}: seal()`, () => describeSealing(promised, open));
  describe(`${name}: order`, () => describeOrder(promised, open));
  describe(`${name}: live first`, () => describeLive(promised, open));
  describe(`${name}: sessions`, () => describeSessions(promised));
  describe(`${name}: urgent sessions`, () => describeUrgency(promised, open));
  describe(`${name}: settle()`, () => describeSettling(promised));
  describe(`${name}: what is split`, () => describeSplitting(promised));
  describe(`${name}: what comes back`, () => describeReturning(promised));
  describe(`${name}: how delivering stands`, () => describeStanding(promised));
  describe(`${name}: the clock`, () => describeClock(promised));
  describe(`${name}: dead letters`, () => describeLetters(promised));
  describe(`${name}: replay()`, () => describeReplaying(promised));
  describe(`${name}: replay() of what was delivered`, () => describeRedelivering(promised));
  describe(`${name}: replays among everything else`, () => describeReplayed(open));
  describe(`${name}: prune()`, () => describePruning(promised));
  describe(`${name}: histories`, () => describeHistories(open));
}
