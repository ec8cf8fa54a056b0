/**
 * The life of a device with a drifting crystal, as far as clocks go: what raw time it logged when, what it learned from
 * fixes, and what the true times really were. Written against what the time map takes for granted, not against its code.
 */
import * as fc from "fast-check";

export interface Fix {
  id: number;
  session: number;
  rawMs: number;
  trueMs: number;
  boundMs: number;
}

export interface Moment {
  session: number;
  rawMs: number;
  trueMs: number;
}

export interface Crystal {
  /** True ms per 1,000,000 raw ms, on top of them: the middle, and how far it swings to either side. */
  middlePpm: number;
  swingPpm: number;
  swingPeriodMs: number;
  shape: "sine" | "square";
  phase: number;
}

export type Event =
  | { kind: "run"; ms: number }
  | { kind: "sample" }
  | { kind: "fix"; boundMs: number; error: number }
  | { kind: "reboot"; offMs: number; unloggedMs: number }
  | { kind: "jump"; lostMs: number }
  | { kind: "unseen"; ms: number }
  | { kind: "stray"; ms: number };

export const STILL: Crystal = { middlePpm: 0, swingPpm: 0, swingPeriodMs: 86400000, shape: "sine", phase: 0 };
export const T0_MS = 1780000000000;
export const MINUTE_MS = 60000;
export const HOUR_MS = 3600000;
export const DAY_MS = 86400000;

/** How many ms true time has gained on a crystal that ran for so long. */
function gainMs(crystal: Crystal, uptimeMs: number): number {
  const at = uptimeMs / crystal.swingPeriodMs + crystal.phase;
  const swing = crystal.swingPpm * crystal.swingPeriodMs;
  let swung: number;
  if (crystal.shape === "sine") {
    swung = (swing / (2 * Math.PI)) * (Math.cos(2 * Math.PI * crystal.phase) - Math.cos(2 * Math.PI * at));
  } else {
    // The integral of a square wave is a triangle.
    const triangle = (x: number): number => Math.min(x - Math.floor(x), 1 - (x - Math.floor(x)));
    swung = swing * (triangle(at) - triangle(crystal.phase));
  }
  return (crystal.middlePpm * uptimeMs + swung) / 1e6;
}

/** A boot's session number, and seven for its jumps. */
const BOOT_SESSIONS = 8;

/**
 * Runs the events and keeps the fixes, the samples and the last moment. In a life of one boot every stray moves the raw time,
 * and each session may have one unseen step. In a life of several boots only the first of these happens: the time map does
 * not promise more.
 */
export function live(crystal: Crystal, events: Event[]): { fixes: Fix[]; samples: Moment[]; end: Moment } {
  const fixes: Fix[] = [];
  const samples: Moment[] = [];
  let uptimeMs = 0;
  let rawMs = 1000;
  let offMs = 0;
  let session = BOOT_SESSIONS;
  let stepped = false;
  let steppedSession = 0;
  const jumps = events.filter((event) => event.kind === "jump" || event.kind === "stray").length;
  const oneBoot = jumps < BOOT_SESSIONS && !events.some((event) => event.kind === "reboot");
  const trueNow = (): number => T0_MS + uptimeMs + gainMs(crystal, uptimeMs) + offMs;
  for (const event of events) {
    if (event.kind === "run") {
      uptimeMs += event.ms;
      rawMs += event.ms;
    } else if (event.kind === "sample") {
      samples.push({ session, rawMs: Math.floor(rawMs), trueMs: trueNow() });
    } else if (event.kind === "fix") {
      // Whole ms on both sides cost up to 1.5.
      const trueMs = Math.round(trueNow() + event.error * (event.boundMs - 2));
      fixes.push({ id: fixes.length + 1, session, rawMs: Math.floor(rawMs), trueMs, boundMs: event.boundMs });
      rawMs += 1;
      uptimeMs += 1;
    } else if (event.kind === "reboot") {
      offMs += event.offMs;
      // What ran since the last sample reached the flash is forgotten.
      uptimeMs += event.unloggedMs + 1;
      rawMs += 1;
      session += BOOT_SESSIONS - (session % BOOT_SESSIONS);
    } else if (event.kind === "jump") {
      uptimeMs += event.lostMs + 1;
      rawMs += 1;
      session++;
    } else if (event.kind === "unseen" && (oneBoot ? steppedSession !== session : !stepped)) {
      rawMs += Math.max(event.ms, 0);
      uptimeMs += Math.max(-event.ms, 0);
      stepped = true;
      steppedSession = session;
    } else if (event.kind === "stray" && (oneBoot || !stepped)) {
      rawMs += event.ms;
      session++;
      stepped = true;
    }
  }
  return { fixes, samples, end: { session, rawMs: Math.floor(rawMs), trueMs: trueNow() } };
}

export const anyCrystal: fc.Arbitrary<Crystal> = fc.record({
  middlePpm: fc.double({ min: -80, max: 80, noNaN: true }),
  swingPpm: fc.double({ min: 0, max: 20, noNaN: true }),
  swingPeriodMs: fc.oneof(fc.constant(DAY_MS), fc.integer({ min: HOUR_MS, max: 60 * DAY_MS })),
  shape: fc.constantFrom("sine" as const, "square" as const),
  phase: fc.double({ min: 0, max: 1, noNaN: true }),
});

const anyRun = fc
  .oneof(
    fc.integer({ min: 1, max: MINUTE_MS }),
    fc.integer({ min: 1, max: DAY_MS }),
    fc.integer({ min: 1, max: 20 * DAY_MS }),
  )
  .map((ms): Event => ({ kind: "run", ms }));

const anyFix = fc
  .record({
    boundMs: fc.oneof(fc.integer({ min: 4, max: 200 }), fc.integer({ min: 1000, max: 3000 })),
    error: fc.oneof(fc.constantFrom(-1, 1), fc.double({ min: -1, max: 1, noNaN: true })),
  })
  .map((fix): Event => ({ kind: "fix", boundMs: fix.boundMs, error: fix.error }));

function extreme(min: number, max: number): fc.Arbitrary<number> {
  return fc.oneof(fc.constantFrom(min, max), fc.integer({ min, max }));
}

const anyBreak: fc.Arbitrary<Event> = fc.oneof(
  fc.record({
    kind: fc.constant("reboot" as const),
    offMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 0, max: 3 * DAY_MS })),
    unloggedMs: fc.integer({ min: 0, max: 2 * MINUTE_MS }),
  }),
  fc.record({ kind: fc.constant("jump" as const), lostMs: extreme(0, 5500) }),
  fc.record({ kind: fc.constant("unseen" as const), ms: extreme(-520, 520) }),
  fc.record({ kind: fc.constant("stray" as const), ms: extreme(1, 5500) }),
);

function lifeOf(breaks: fc.Arbitrary<Event>): fc.Arbitrary<Event[]> {
  return fc.array(
    fc.oneof(
      { weight: 4, arbitrary: anyRun },
      { weight: 4, arbitrary: fc.constant<Event>({ kind: "sample" }) },
      { weight: 2, arbitrary: anyFix },
      { weight: 1, arbitrary: breaks },
    ),
    { maxLength: 60, size: "max" },
  );
}

/** Any life, or one of a single boot, in which only jumps and steps happen. */
export const anyLife: fc.Arbitrary<Event[]> = fc.oneof(
  lifeOf(anyBreak),
  lifeOf(anyBreak.filter((event) => event.kind !== "reboot")),
);
