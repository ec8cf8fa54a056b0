/** Virtual time: one queue of events, ordered by their time and, at the same time, by their order. */

export interface WorldEvent {
  atMs: number;
  order: number;
  /** Undefined once the event has run or was cancelled. */
  action: (() => void) | undefined;
}

export interface World {
  /** True time since the world began, in ms with fractions. */
  nowMs(): number;
  /** Unix time in ms of the world's beginning. */
  readonly startMs: number;
  /** Unix time now, in ms with fractions. */
  trueMs(): number;
  /**
   * Runs `action` once, at `atMs`, or now if that is past. Of events at the same moment the one with the lower `order` comes
   * first; default: the order in which they were made.
   */
  at(atMs: number, action: () => void, order?: number): WorldEvent;
  cancel(event: WorldEvent): void;
  /** Time of the next event; Infinity if there is none. */
  nextMs(): number;
  /** Runs the next event. False if there was none. */
  step(): boolean;
  /** Lets time pass and runs all events that are due meanwhile, as when the interpreter is blocked. */
  pass(ms: number): void;
}

export function createWorld(startMs: number): World {
  const heap: WorldEvent[] = [];
  // A double that changes in a closure's variable is a new object each time; in an array it is not.
  const clock = new Float64Array(1);
  let made = 0;

  function step(): boolean {
    dropCancelled(heap);
    if (heap.length === 0) return false;
    const event = pop(heap);
    const action = event.action as () => void;
    event.action = undefined;
    if (event.atMs > clock[0]) clock[0] = event.atMs;
    action();
    return true;
  }

  return {
    startMs,
    nowMs: () => clock[0],
    trueMs: () => startMs + clock[0],
    at(atMs, action, order) {
      const event = { atMs: atMs > clock[0] ? atMs : clock[0], order: order ?? made++, action };
      push(heap, event);
      return event;
    },
    cancel(event) {
      event.action = undefined;
    },
    nextMs() {
      dropCancelled(heap);
      return heap.length > 0 ? heap[0].atMs : Number.POSITIVE_INFINITY;
    },
    step,
    pass(ms) {
      const until = clock[0] + ms;
      for (;;) {
        dropCancelled(heap);
        if (heap.length === 0 || heap[0].atMs > until) break;
        step();
      }
      if (until > clock[0]) clock[0] = until;
    },
  };
}

function before(a: WorldEvent, b: WorldEvent): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}

function push(heap: WorldEvent[], event: WorldEvent): void {
  let i = heap.push(event) - 1;
  while (i > 0) {
    const parent = (i - 1) >> 1;
    if (!before(event, heap[parent])) break;
    heap[i] = heap[parent];
    i = parent;
  }
  heap[i] = event;
}

function pop(heap: WorldEvent[]): WorldEvent {
  const first = heap[0];
  const last = heap.pop() as WorldEvent;
  const size = heap.length;
  if (size === 0) return first;
  let i = 0;
  for (;;) {
    let child = 2 * i + 1;
    if (child >= size) break;
    if (child + 1 < size && before(heap[child + 1], heap[child])) child++;
    if (!before(heap[child], last)) break;
    heap[i] = heap[child];
    i = child;
  }
  heap[i] = last;
  return first;
}

/** A cancelled event stays in the heap until it comes to the top. */
function dropCancelled(heap: WorldEvent[]): void {
  while (heap.length > 0 && heap[0].action === undefined) pop(heap);
}
