/** What the operating system asks of the daemon. */
import process from "node:process";

/** What happens at a signal. */
export interface SignalHandlers {
  /** TERM or INT: stop in good order. */
  readonly stop: (signal: string) => void;
  /** A second TERM or INT: exit now; what is recorded is safe. */
  readonly exit: () => void;
  /** HUP: read the config again. */
  readonly reload: () => void;
}

/** Listens until disposed. */
export function onSignals({ stop, exit, reload }: SignalHandlers): Disposable {
  let stopping = false;
  // One listener for both: one that is added inside a listener runs at once on Deno.
  const onStop = (signal: string) => {
    if (stopping) return exit();
    stopping = true;
    stop(signal);
  };
  const onTerm = () => onStop("SIGTERM");
  const onInt = () => onStop("SIGINT");
  process.on("SIGTERM", onTerm);
  process.on("SIGINT", onInt);
  process.on("SIGHUP", reload);
  return {
    [Symbol.dispose]() {
      process.off("SIGTERM", onTerm);
      process.off("SIGINT", onInt);
      process.off("SIGHUP", reload);
    },
  };
}

/** Nothing ends at a HUP until disposed: for the time before anybody can act on one. */
export function ignoreHangups(): Disposable {
  const ignore = () => {};
  process.on("SIGHUP", ignore);
  return { [Symbol.dispose]: () => void process.off("SIGHUP", ignore) };
}
