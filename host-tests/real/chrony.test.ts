/** The firmware's SNTP client against chrony, packet by packet. Run with Debian's 4.3. */
import { createSocket } from "node:dgram";
import { expect, test } from "vitest";
import { createClock } from "../../firmware/clock/clock.ts";
import { createSntp, ROUND_MS, ROUNDS, type TimeAnswer } from "../../firmware/clock/sntp.ts";
import type { Udp } from "../../firmware/platform/ports.ts";
import { ntpAnswer } from "../../scripts/simulator/network/ntp-answer.ts";
import { createPrng } from "../../scripts/simulator/prng.ts";
import { createVirtualMachine } from "../support/virtual-timers.ts";
import { ask, startChrony } from "./chrony.ts";
import { describeDaemons } from "./describe-daemons.ts";
import { use } from "./life.ts";

const ANSWER_MS_MAX = 10_000;

interface Query {
  answer: TimeAnswer | undefined;
  /** How far the answer is from this machine's clock. */
  errorMs: number;
  rounds: number;
}

/**
 * One query of servers on these ports. The unit's clock runs with this machine's while packets are under way; once all have
 * answered, the rest of the round is skipped.
 */
async function query(ports: number[]): Promise<Query> {
  const machine = createVirtualMachine();
  const clock = createClock(machine.timers, 1, 1000);
  let skippedMs = 0;
  const startedAt = performance.now();
  const catchUp = () => machine.block(Math.max(0, performance.now() - startedAt + skippedMs - machine.uptimeMs()));
  let waiting = 0;
  let heard: () => void = () => {};
  const udp: Udp = {
    open(onMessage) {
      const socket = createSocket("udp4");
      socket.on("message", (bytes) => {
        catchUp();
        onMessage(new Uint8Array(bytes));
        if (--waiting === 0) heard();
      });
      return {
        send(bytes, host) {
          waiting++;
          catchUp();
          socket.send(bytes, ports[Number(host)], "127.0.0.1");
        },
        close: () => socket.close(),
      };
    },
  };
  const sntp = createSntp({ udp, timers: machine.timers, clock, random: createPrng(1).next }, Object.keys(ports), []);
  const answers: (TimeAnswer | undefined)[] = [];
  let rounds = 0;
  sntp.query((answer) => answers.push(answer));
  while (answers.length === 0) {
    rounds++;
    await new Promise<void>((done, reject) => {
      const late = setTimeout(() => reject(new Error("chrony does not answer")), ANSWER_MS_MAX);
      heard = () => {
        clearTimeout(late);
        done();
      };
    });
    catchUp();
    const beforeMs = machine.uptimeMs();
    machine.run(ROUND_MS);
    skippedMs += machine.uptimeMs() - beforeMs;
  }
  const [answer] = answers;
  // Raw time and this machine's clock, as they are now; the round that was skipped lies between.
  const nowTrueMs = Date.now() + skippedMs;
  catchUp();
  const errorMs = answer === undefined ? Number.NaN : answer.trueMs + (clock.rawMs() - answer.rawMs) - nowTrueMs;
  return { answer, errorMs, rounds };
}

describeDaemons(["chronyd"], "chrony", () => {
  test("tells the time within its own bound, as a clock of its own at stratum 10", async () => {
    const one = await use(startChrony("local stratum 10"));
    const other = await use(startChrony("local stratum 10"));
    const { answer, errorMs, rounds } = await query([one.port, other.port]);
    expect(rounds).toBe(1);
    expect(answer?.boundMs).toBeLessThan(25);
    expect(Math.abs(errorMs)).toBeLessThanOrEqual(answer?.boundMs ?? 0);
  });

  test("that is not synchronised is not believed, and takes nothing from those that are", async () => {
    const lost = await use(startChrony(""));
    const one = await use(startChrony("local stratum 10"));
    const other = await use(startChrony("local stratum 10"));
    expect(await query([lost.port])).toMatchObject({ answer: undefined, rounds: ROUNDS });
    expect(await query([lost.port, one.port])).toMatchObject({ answer: undefined, rounds: ROUNDS });
    const { answer, errorMs } = await query([lost.port, one.port, other.port]);
    expect(Math.abs(errorMs)).toBeLessThanOrEqual(answer?.boundMs ?? 0);
  });

  test("that is synchronised by another chrony is believed with the distance that it states", async () => {
    const source = await use(startChrony("local stratum 10"));
    const lines = `server 127.0.0.1 port ${source.port} iburst minpoll -6 maxpoll -6`;
    const synchronised = await use(startChrony(lines, 11));
    const { answer, errorMs } = await query([synchronised.port]);
    expect(Math.abs(errorMs)).toBeLessThanOrEqual(answer?.boundMs ?? 0);
  });

  test("is what the simulator's time servers answer like", async () => {
    const told = await use(startChrony("local stratum 10"));
    const lost = await use(startChrony(""));
    const request = Buffer.alloc(48);
    request[0] = 0x23;
    request.write("deadbeef", 40, "latin1");
    const flags = { kiss: false, alarm: false, stale: false, zero: false };
    const simulated = (alarm: boolean) =>
      Buffer.from(ntpAnswer(request.toString("latin1"), Date.now(), { ...flags, alarm }), "latin1");
    for (const [daemon, alarm] of [
      [told, false],
      [lost, true],
    ] as const) {
      const real = await ask(daemon.port, request);
      const like = simulated(alarm);
      // Leap indicator, version and mode; the poll interval; the origin timestamp.
      expect(real?.[0]).toBe(like[0]);
      expect(real?.[2]).toBe(like[2]);
      expect(real?.subarray(24, 32)).toEqual(like.subarray(24, 32));
    }
    // Without a time of its own: stratum 0, and no reference that could be read as a kiss-of-death's code.
    const answer = await ask(lost.port, request);
    expect(answer?.[1]).toBe(0);
    expect(answer?.readUInt32BE(12)).toBe(0);
    expect(simulated(true)[1]).toBe(0);
    expect(simulated(true).readUInt32BE(12)).toBe(0);
  });
});
