/** What several tests of this folder need. */

/** A signal that tells how many listen to it. */
export function countListeners() {
  const controller = new AbortController();
  const { signal } = controller;
  const listening = new Set<unknown>();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (type: string, listener: EventListenerOrNull) => {
    listening.add(listener);
    if (listener !== null) add(type, listener);
  };
  signal.removeEventListener = (type: string, listener: EventListenerOrNull) => {
    listening.delete(listener);
    if (listener !== null) remove(type, listener);
  };
  return { signal, abort: () => controller.abort(), count: () => listening.size };
}

type EventListenerOrNull = ((event: Event) => void) | { handleEvent(event: Event): void } | null;
