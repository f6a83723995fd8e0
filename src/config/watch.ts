/**
 * Tells that something may have changed: when a watched folder stirs, and in any case every now and
 * then, because a watch goes blind on some runtimes and file systems. Whether anything did change
 * is for the caller to find out.
 */
import { watch } from "chokidar";
import { messageOf } from "../errors.ts";
import { sleep } from "../flow/sleep.ts";

/** Folders watched beyond the first are a convenience: the poll sees what they miss. */
const foldersMax = 64;

/** Says when to look. */
export interface Watch extends AsyncDisposable {
  /** Watches these folders from now on and no others. */
  follow(folders: Iterable<string>): void;
  /** Resolves when something stirred since the last call, after `pollMs`, or on abort. */
  stirred(pollMs: number, signal: AbortSignal): Promise<void>;
}

/** Watches nothing yet; `unwatched` is told once when watching fails, and polling goes on. */
export function openWatch(unwatched: (why: string) => void): Watch {
  const followed = new Set<string>();
  let stir = new AbortController();
  let failed = false;
  // Only the folders: their own watch tells of their files, however those are replaced.
  const watcher = watch([], {
    depth: 0,
    ignoreInitial: true,
    ignored: (path) => !followed.has(path),
  });
  watcher.on("raw", () => stir.abort());
  watcher.on("error", (error) => {
    if (!failed) unwatched(messageOf(error));
    failed = true;
  });
  return {
    follow(folders) {
      const wanted = new Set([...new Set(folders)].slice(0, foldersMax));
      const gone = [...followed].filter((folder) => !wanted.has(folder));
      const added = [...wanted].filter((folder) => !followed.has(folder));
      for (const folder of gone) followed.delete(folder);
      for (const folder of added) followed.add(folder);
      if (gone.length > 0) watcher.unwatch(gone);
      if (added.length > 0) watcher.add(added);
    },
    async stirred(pollMs, signal) {
      await sleep(pollMs, AbortSignal.any([stir.signal, signal]));
      stir = new AbortController();
    },
    [Symbol.asyncDispose]: () => watcher.close(),
  };
}
