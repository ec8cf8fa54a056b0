import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createClock } from "../../../firmware/clock/clock.ts";
import { createSntp, openVote, ROUND_MS, ROUNDS, type TimeAnswer } from "../../../firmware/clock/sntp.ts";
import { createPrng } from "../../../scripts/simulator/prng.ts";
import { createNetwork, T0_MS, type TimeServer, writeTimestamp } from "../../support/time-servers.ts";
import { createVirtualMachine } from "../../support/virtual-timers.ts";

const RAW0_MS = 777000;
/** What the stand-in servers say of their own uncertainty: half the root delay, the dispersion, and whole ms. */
const OWN_MS = 10 + 2 + 1;

const server = (overrides: Partial<TimeServer> = {}): TimeServer => ({
  thereMs: () => 20,
  backMs: () => 20,
  offMs: 0,
  ...overrides,
});
const forged = (forge: (answer: DataView) => void): TimeServer => server({ forge });
const silent = server({ thereMs: () => Infinity });

function createSntpRig(servers: Record<string, TimeServer>, names = Object.keys(servers)) {
  const machine = createVirtualMachine();
  const network = createNetwork(machine, servers);
  const clock = createClock(machine.timers, 1, RAW0_MS);
  const sntp = createSntp({ udp: network.udp, timers: machine.timers, clock, random: createPrng(1).next }, names, []);
  const query = (): TimeAnswer | undefined => {
    const answers: (TimeAnswer | undefined)[] = [];
    sntp.query((answer) => answers.push(answer));
    machine.run(60000);
    expect(answers.length).toBe(1);
    expect(network.openSockets()).toBe(0);
    return answers[0];
  };
  return { machine, network, clock, sntp, query };
}

/** How wrong an answer is; the machine's crystal is true here. */
const errorOf = (answer: TimeAnswer): number => answer.trueMs - (T0_MS + answer.rawMs - RAW0_MS);

function expectHonest(answer: TimeAnswer | undefined): TimeAnswer {
  if (!answer) throw new Error("no answer");
  expect(Math.abs(errorOf(answer))).toBeLessThanOrEqual(answer.boundMs);
  for (const ms of Object.values(answer)) expect(Number.isInteger(ms)).toBe(true);
  return answer;
}

describe("the SNTP client", () => {
  it("reads the time within half the round trip and the server's own uncertainty", () => {
    const answer = expectHonest(createSntpRig({ a: server(), b: server() }).query());
    expect(Math.abs(errorOf(answer))).toBeLessThanOrEqual(1);
    expect(answer.boundMs).toBeLessThanOrEqual(20 + OWN_MS + 1);
  });

  it.each([
    [0, 200],
    [200, 0],
    [10, 400],
  ])("stays within its bound when the way there takes %d ms and the way back %d ms", (thereMs, backMs) => {
    const lopsided = () => server({ thereMs: () => thereMs, backMs: () => backMs });
    const answer = expectHonest(createSntpRig({ a: lopsided(), b: lopsided() }).query());
    // The worst there is: half the difference of the two ways.
    expect(Math.abs(Math.abs(errorOf(answer)) - Math.abs(backMs - thereMs) / 2)).toBeLessThanOrEqual(1.5);
    expect(answer.boundMs).toBeLessThanOrEqual((thereMs + backMs) / 2 + OWN_MS + 1);
  });

  it("is right within 40 ms nine times in ten when each way takes 20 to 200 ms at random, always within its bound", () => {
    const random = createPrng(5).next;
    const jitter = () => 20 + 180 * random();
    const errors: number[] = [];
    for (let i = 0; i < 200; i++) {
      const jittery = () => server({ thereMs: jitter, backMs: jitter });
      const answer = expectHonest(createSntpRig({ a: jittery(), b: jittery(), c: jittery() }).query());
      errors.push(Math.abs(errorOf(answer)));
      expect(answer.boundMs).toBeLessThanOrEqual(200 + OWN_MS + 1);
    }
    errors.sort((a, b) => a - b);
    expect(errors[180]).toBeLessThanOrEqual(40);
    if (process.env.CLOCK_RUNS)
      console.log(`error ms: median ${errors[100]}, 90 % ${errors[180]}, worst ${errors[199]}`);
  });

  it("takes the shortest round trip of several", () => {
    const ways = [300, 90, 5, 200];
    let sent = 0;
    const one = server({ thereMs: () => ways[sent++ % 4], backMs: () => 40 });
    const answer = expectHonest(createSntpRig({ one }).query());
    expect(answer.boundMs).toBeLessThanOrEqual(23 + OWN_MS + 1);
  });

  it("asks no more once the answer is good, and never faster than every 2 s", () => {
    const near = createSntpRig({ a: server({ thereMs: () => 2, backMs: () => 2 }) });
    near.query();
    expect(near.network.asked.a).toBe(1);
    const far = createSntpRig({ a: server({ thereMs: () => 90 }) });
    far.query();
    expect(far.network.asked.a).toBe(ROUNDS);
    expect(ROUND_MS).toBeGreaterThanOrEqual(2000);
  });

  it("isn't thrown off by a name lookup that blocks", () => {
    const rig = createSntpRig({ a: server({ lookupMs: () => 9000 }), b: server({ lookupMs: () => 4000 }) });
    let lookups = 0;
    const slowOnce = server({ lookupMs: () => (lookups++ === 0 ? 9000 : 0) });
    expectHonest(rig.query());
    const answer = expectHonest(createSntpRig({ slowOnce }).query());
    expect(answer.boundMs).toBeLessThanOrEqual(20 + OWN_MS + 1);
    expect(rig.clock.session()).toBe(1);
  });

  it("believes no single server of several, but the only one asked", () => {
    expect(createSntpRig({ a: server(), b: silent }).query()).toBeUndefined();
    expectHonest(createSntpRig({ a: server() }).query());
    expect(createSntpRig({ a: server() }, ["a", "nowhere"]).query()).toBeUndefined();
  });

  it.each([-3 * 3600000, 3600000, 5000])("outvotes a server that is wrong by %d ms", (offMs) => {
    const near = server({ offMs, thereMs: () => 1, backMs: () => 1 });
    expectHonest(createSntpRig({ near, b: server(), c: server() }).query());
    expect(createSntpRig({ near, b: server() }).query()).toBeUndefined();
  });

  it("stays within its bound while some of its servers smear a leap second and others step", () => {
    // Google: linear over 24 h, from noon to noon around the leap second. Before the leap the smeared clock is behind,
    // after it ahead.
    for (let hour = 0; hour <= 24; hour++) {
      const smearMs = hour < 12 ? -(hour / 24) * 1000 : 1000 - (hour / 24) * 1000;
      const smeared = () => server({ offMs: smearMs, thereMs: () => 5, backMs: () => 5 });
      expectHonest(createSntpRig({ a: smeared(), b: smeared(), c: server() }).query());
      const answer = expectHonest(createSntpRig({ a: server(), b: server(), c: smeared() }).query());
      expect(answer.boundMs).toBeLessThanOrEqual(Math.abs(smearMs) + 2 * (20 + OWN_MS + 1));
    }
  });

  const refusals: [string, (answer: DataView) => void][] = [
    ["mode 3", (answer) => answer.setUint8(0, 0x23)],
    ["mode 5", (answer) => answer.setUint8(0, 0x25)],
    ["version 2", (answer) => answer.setUint8(0, 0x14)],
    ["leap alarm", (answer) => answer.setUint8(0, 0xe4)],
    ["stratum 16", (answer) => answer.setUint8(1, 16)],
    ["stratum 0 without a known code", (answer) => answer.setUint8(1, 0)],
    ["another origin", (answer) => answer.setUint8(27, answer.getUint8(27) ^ 1)],
    ["no transmit timestamp", (answer) => answer.setFloat64(40, 0)],
    ["no receive timestamp", (answer) => answer.setFloat64(32, 0)],
    [
      "neither of the two",
      (answer) => {
        answer.setFloat64(32, 0);
        answer.setFloat64(40, 0);
      },
    ],
    ["sent before it was received", (answer) => writeTimestamp(answer, 32, T0_MS + 86400000)],
    ["longer served than away", (answer) => writeTimestamp(answer, 32, T0_MS - 86400000)],
    ["a root delay of 3 s", (answer) => answer.setUint32(4, 3 * 65536)],
    ["a root dispersion of 2 s", (answer) => answer.setUint32(8, 2 * 65536)],
    ["a precision of 2 s", (answer) => answer.setInt8(3, 1)],
  ];
  it.each(refusals)("refuses an answer with %s", (_what, forge) => {
    expect(createSntpRig({ a: forged(forge) }).query()).toBeUndefined();
  });

  it.each([0, 946684800000, Date.UTC(2009, 11, 31), Date.UTC(2100, 0, 1)])("refuses the absurd date %d", (dateMs) => {
    const forge = (answer: DataView) => {
      writeTimestamp(answer, 32, dateMs);
      writeTimestamp(answer, 40, dateMs);
    };
    expect(createSntpRig({ a: forged(forge) }).query()).toBeUndefined();
  });

  it("reads dates on both sides of the counter's wrap in 2036", () => {
    const wrapMs = 2085978496000;
    expect(new Date(wrapMs).toISOString()).toBe("2036-02-07T06:28:16.000Z");
    for (const aroundMs of [-1000, 0, 86400000]) {
      const answer = createSntpRig({ a: server({ offMs: wrapMs - T0_MS + aroundMs }) }).query();
      expect(Math.abs(errorOf(answer as TimeAnswer) - (wrapMs - T0_MS + aroundMs))).toBeLessThanOrEqual(1);
    }
  });

  it("refuses short, empty and unasked packets, and an answer that comes twice", () => {
    const machine = createVirtualMachine();
    const clock = createClock(machine.timers, 1, RAW0_MS);
    let tell: (bytes: Uint8Array) => void = () => {};
    let asked = new Uint8Array();
    const sntp = createSntp(
      {
        udp: {
          open(onMessage) {
            tell = onMessage;
            return { send: (bytes) => (asked = bytes.slice()), close() {} };
          },
        },
        timers: machine.timers,
        clock,
        random: createPrng(2).next,
      },
      ["a"],
      [],
    );
    let found: TimeAnswer | undefined;
    sntp.query((answer) => (found = answer));
    const answer = new DataView(new ArrayBuffer(48));
    answer.setUint8(0, 0x24);
    answer.setUint8(1, 1);
    writeTimestamp(answer, 32, T0_MS);
    writeTimestamp(answer, 40, T0_MS);
    tell(new Uint8Array());
    tell(new Uint8Array(answer.buffer, 0, 47));
    tell(new Uint8Array(answer.buffer));
    machine.run(500);
    for (let i = 0; i < 8; i++) answer.setUint8(24 + i, asked[40 + i]);
    answer.setInt8(3, -20);
    tell(new Uint8Array(answer.buffer));
    writeTimestamp(answer, 40, T0_MS + 9000000);
    tell(new Uint8Array(answer.buffer));
    machine.run(60000);
    expect(found?.trueMs).toBe(T0_MS + 250);
    expect(found?.rawMs).toBe(RAW0_MS + 500);
  });

  it("sends what nobody can guess as its transmit timestamp", () => {
    const seen = new Set<string>();
    const spy = forged((answer) => seen.add(new Uint8Array(answer.buffer, 24, 8).join()));
    const rig = createSntpRig({ a: spy, b: spy });
    rig.query();
    rig.query();
    expect(seen.size).toBe(rig.network.asked.a + rig.network.asked.b);
  });

  const kiss = (code: string) =>
    forged((answer) => {
      answer.setUint8(0, 0xe4);
      answer.setUint8(1, 0);
      for (let i = 0; i < 4; i++) answer.setUint8(12 + i, code.charCodeAt(i));
    });
  it.each([
    ["DENY", 24],
    ["RSTR", 24],
    ["RATE", 4],
  ])("leaves a server that says %s alone for %d hours", (code, hours) => {
    const rig = createSntpRig({ grumpy: kiss(code), b: server(), c: server() });
    expectHonest(rig.query());
    expect(rig.network.asked.grumpy).toBe(1);
    machineHours(rig, hours - 0.5);
    expectHonest(rig.query());
    expect(rig.network.asked.grumpy).toBe(1);
    machineHours(rig, 0.5);
    rig.query();
    expect(rig.network.asked.grumpy).toBe(2);
  });

  it("obeys no kiss of death that doesn't answer its own question", () => {
    const stray = kiss("DENY");
    const rig = createSntpRig({
      a: server({
        forge: (answer) => {
          stray.forge?.(answer);
          answer.setUint8(24, answer.getUint8(24) ^ 255);
        },
      }),
    });
    rig.query();
    rig.query();
    expect(rig.network.asked.a).toBe(4);
  });

  it("gives up after two rounds when nobody answers, or the network can't even open a socket", () => {
    const rig = createSntpRig({ a: silent, b: silent });
    expect(rig.query()).toBeUndefined();
    expect(rig.network.asked).toEqual({ a: 2, b: 2 });
    const machine = createVirtualMachine();
    const clock = createClock(machine.timers, 1, 0);
    const open = () => {
      throw new Error("no network");
    };
    const answers: unknown[] = [];
    const parts = { udp: { open }, timers: machine.timers, clock, random: Math.random };
    createSntp(parts, ["a"], []).query((answer) => answers.push(answer));
    machine.run(2 * ROUND_MS);
    expect(answers).toEqual([undefined]);
  });

  it("answers a second query at once with nothing, and the first one in time", () => {
    const rig = createSntpRig({ a: server() });
    const answers: string[] = [];
    rig.sntp.query((answer) => answers.push(answer ? "first" : "none"));
    rig.sntp.query((answer) => answers.push(answer ? "second" : "none"));
    rig.machine.run(60000);
    expect(answers).toEqual(["none", "first"]);
  });

  it.each([-3000, -100, 3600000, 1e12])("says nothing when the clock is set by %d ms among the exchanges", (jumpMs) => {
    const rig = createSntpRig({ a: server({ thereMs: () => 100 }) });
    const answers: (TimeAnswer | undefined)[] = [];
    rig.sntp.query((answer) => answers.push(answer));
    rig.machine.run(2500);
    rig.machine.setClockOn(jumpMs);
    rig.machine.run(60000);
    expect(answers).toEqual([undefined]);
  });

  it("stays within its bound whatever the delays, the losses and the order", () => {
    const delay = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 4000 }), fc.constant(Infinity));
    fc.assert(
      fc.property(fc.array(fc.tuple(delay, delay), { minLength: 12, maxLength: 12 }), (delays) => {
        let there = 0;
        let back = 0;
        const one = () => server({ thereMs: () => delays[there++ % 12][0], backMs: () => delays[back++ % 12][1] });
        const answer = createSntpRig({ a: one(), b: one(), c: one() }).query();
        if (answer) expectHonest(answer);
      }),
      { numRuns: 300 },
    );
  });
});

function machineHours(rig: ReturnType<typeof createSntpRig>, hours: number): void {
  rig.machine.run(hours * 3600000);
}

describe("agreement", () => {
  const { agree } = openVote();
  const at = (trueMs: number, boundMs: number): TimeAnswer => ({ rawMs: 0, trueMs, boundMs });

  it("follows the majority before the smallest bound", () => {
    // [4950, 5050], a ms wider for the time between, and [4980, 5060] have [4980, 5051] in common; the bound still
    // covers all that the surest said.
    expect(agree([at(0, 1), at(5000, 50), at(5020, 40)])).toEqual({ rawMs: 0, trueMs: 5016, boundMs: 46 });
    expect(agree([at(0, 10), at(5000, 50), at(5020, 40), at(5060, 90)])).toEqual({
      rawMs: 0,
      trueMs: 5016,
      boundMs: 46,
    });
  });

  it("widens the bound to what an answer within a second says, and not beyond", () => {
    expect(agree([at(5000, 50), at(5020, 40), at(5400, 30)])?.boundMs).toBeGreaterThanOrEqual(5400 + 30 - 5016);
    expect(agree([at(5000, 50), at(5020, 40), at(6100, 30)])?.boundMs).toBe(46);
  });

  it("compares answers of different moments", () => {
    const later = { rawMs: 6000, trueMs: 7000, boundMs: 10 };
    expect(agree([at(1000, 12), later])).toEqual({ rawMs: 6000, trueMs: 7000, boundMs: 11 });
    expect(agree([at(1100, 12), later])).toBeUndefined();
  });
});
