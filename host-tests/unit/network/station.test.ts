import { describe, expect, test } from "vitest";
import { createNetwork, JOIN_TIMEOUT_MS } from "../../../firmware/network/station.ts";
import type { WifiNetwork } from "../../../firmware/settings.ts";
import { VERDICT } from "../../../firmware/verdict.ts";
import { createVirtualTimers } from "../../support/virtual-timers.ts";

const HOME = { ssid: "home", password: "correct horse" };
const SHED = { ssid: "shed", password: "battery staple" };

/** A radio that answers a second after `join` with what `answers` says of the network; "silent" never answers. */
function setUp(networks: WifiNetwork[], answers: { [ssid: string]: string }, random = () => 0.5) {
  const timers = createVirtualTimers();
  const joins: string[] = [];
  const joinedAtMs: number[] = [];
  const log: string[] = [];
  let lost: (reason: string) => void = () => undefined;
  let lastDone: (failure: string) => void = () => undefined;
  let leaves = 0;
  const network = createNetwork(
    {
      join: (ssid, password, done) => {
        joins.push(`${ssid}/${password}`);
        joinedAtMs.push(timers.nowMs());
        lastDone = done;
        timers.setTimeout(() => {
          if (answers[ssid] !== "silent") done(answers[ssid]);
        }, 1000);
      },
      leave: () => {
        leaves++;
      },
      onLost: (callback) => {
        lost = callback;
      },
    },
    timers,
    { random },
    networks,
    (level, text) => log.push(`[${level}] ${text}`),
  );
  return {
    network,
    timers,
    joins,
    joinedAtMs,
    log,
    answers,
    lose: (reason: string) => lost(reason),
    answerAgain: (failure: string) => lastDone(failure),
    leaves: () => leaves,
  };
}

describe("the network", () => {
  test("joins the first network that takes it and answers 0", () => {
    const { network, timers, joins } = setUp([HOME, SHED], { home: "NO_AP_FOUND", shed: "" });
    const verdicts: number[] = [];
    network.connect((verdict) => verdicts.push(verdict));
    timers.advance(3000);
    expect(joins).toEqual(["home/correct horse", "shed/battery staple"]);
    expect(verdicts).toEqual([0]);
    expect(network.up()).toBe(true);
    network.connect((verdict) => verdicts.push(verdict));
    expect(verdicts).toEqual([0, 0]);
    expect(timers.pending()).toBe(0);
  });

  test.each([
    ["NO_AP_FOUND", 1],
    ["BEACON_TIMEOUT", 1],
    ["ASSOC_FAIL", 1],
    ["AUTH_FAIL", 2],
    ["4WAY_HANDSHAKE_TIMEOUT", 2],
    ["HANDSHAKE_TIMEOUT", 2],
    ["802_1X_AUTH_FAILED", 2],
  ])("tells %s as verdict %i", (reason, expected) => {
    const { network, timers } = setUp([HOME], { home: reason });
    const verdicts: number[] = [];
    network.connect((verdict) => verdicts.push(verdict));
    timers.advance(1500);
    expect(verdicts).toEqual([expected]);
  });

  test("tells a wrong password even when the other networks are not there", () => {
    const { network, timers } = setUp([HOME, SHED], { home: "AUTH_FAIL", shed: "NO_AP_FOUND" });
    const verdicts: number[] = [];
    network.connect((verdict) => verdicts.push(verdict));
    timers.advance(2500);
    expect(verdicts).toEqual([2]);
  });

  test("gives a network up that never answers", () => {
    const { network, timers, leaves } = setUp([HOME], { home: "silent" });
    const verdicts: number[] = [];
    network.connect((verdict) => verdicts.push(verdict));
    timers.advance(JOIN_TIMEOUT_MS + 1);
    expect(verdicts).toEqual([1]);
    expect(leaves()).toBe(1);
  });

  test("tries again for ever, in random steps that grow to five minutes", () => {
    const { network, timers, joinedAtMs } = setUp([HOME], { home: "NO_AP_FOUND" }, () => 0.999);
    network.connect(() => undefined);
    timers.advance(86400000);
    const gaps = joinedAtMs.slice(1).map((ms, i) => ms - joinedAtMs[i] - 1000);
    expect(gaps[0]).toBeLessThanOrEqual(5000);
    expect(gaps[1]).toBeGreaterThan(gaps[0]);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(300000);
    expect(gaps.length).toBeGreaterThan(280);
  });

  test("does not wait out its backoff when somebody asks", () => {
    const { network, timers, joins, answers } = setUp([HOME], { home: "NO_AP_FOUND" });
    network.connect(() => undefined);
    timers.advance(3600000);
    const before = joins.length;
    answers.home = "";
    const verdicts: number[] = [];
    // In the middle of a wait: the last round's answer is behind us.
    if (timers.pending() === 1) network.connect((verdict) => verdicts.push(verdict));
    timers.advance(1000);
    expect(verdicts).toEqual([0]);
    expect(joins.length).toBeLessThanOrEqual(before + 1);
  });

  test("rejoins by itself after a loss, the last good network first, and says so", () => {
    const { network, timers, joins, lose } = setUp([HOME, SHED], { home: "NO_AP_FOUND", shed: "" });
    const seen: string[] = [];
    network.onUp(() => seen.push("up"));
    network.onDown(() => seen.push("down"));
    network.connect(() => undefined);
    timers.advance(3000);
    expect(seen).toEqual([]);
    lose("BEACON_TIMEOUT");
    expect(network.up()).toBe(false);
    timers.advance(10000);
    expect(network.up()).toBe(true);
    expect(seen).toEqual(["down", "up"]);
    expect(joins.map((join) => join.split("/")[0])).toEqual(["home", "shed", "shed"]);
  });

  test("comes up by itself later when the first round failed", () => {
    const { network, timers, answers } = setUp([HOME], { home: "NO_AP_FOUND" });
    let ups = 0;
    network.onUp(() => ups++);
    network.connect(() => undefined);
    timers.advance(7 * 86400000);
    answers.home = "";
    timers.advance(301000);
    expect(ups).toBe(1);
  });

  test("takes an answer that comes twice once", () => {
    const { network, timers, answerAgain } = setUp([HOME], { home: "" });
    let calls = 0;
    network.onUp(() => calls++);
    network.connect(() => calls++);
    timers.advance(1000);
    answerAgain("");
    answerAgain("NO_AP_FOUND");
    expect(calls).toBe(1);
    expect(network.up()).toBe(true);
  });

  test("stays off after disconnect, whatever still answers", () => {
    const { network, timers, joins, lose, leaves } = setUp([HOME], { home: "" });
    const verdicts: number[] = [];
    let downs = 0;
    network.onDown(() => downs++);
    network.connect((verdict) => verdicts.push(verdict));
    network.disconnect();
    timers.advance(3600000);
    expect(network.up()).toBe(false);
    expect(verdicts).toEqual([1]);
    network.connect((verdict) => verdicts.push(verdict));
    timers.advance(1000);
    network.disconnect();
    lose("ASSOC_LEAVE");
    timers.advance(3600000);
    expect(joins).toHaveLength(2);
    expect(downs).toBe(1);
    expect(leaves()).toBe(2);
  });

  test("says at once that the unit is not provisioned when no network is known", () => {
    const { network } = setUp([], {});
    const verdicts: number[] = [];
    network.connect((verdict) => verdicts.push(verdict));
    expect(verdicts).toEqual([VERDICT.notProvisioned]);
  });

  test("spreads a fleet's retries over the whole of the wait", () => {
    const firstRetries = [0.1, 0.35, 0.6, 0.85].map((random) => {
      const { network, timers, joinedAtMs } = setUp([HOME], { home: "NO_AP_FOUND" }, () => random);
      network.connect(() => undefined);
      timers.advance(20000);
      return joinedAtMs[1];
    });
    expect(new Set(firstRetries).size).toBe(4);
  });

  test("prints no password", () => {
    const { network, timers, log } = setUp([HOME, SHED], { home: "AUTH_FAIL", shed: "" });
    network.connect(() => undefined);
    timers.advance(5000);
    expect(log.length).toBeGreaterThan(1);
    expect(log.join("\n")).not.toMatch(/correct horse|battery staple/);
  });

  test("calls a handshake that times out a wrong password only where this password was never taken since the boot", () => {
    const { network, timers, answers, lose } = setUp([HOME], { home: "" });
    const verdicts: number[] = [];
    network.connect(() => {});
    timers.advance(1000);
    answers.home = "4WAY_HANDSHAKE_TIMEOUT";
    lose("BEACON_TIMEOUT");
    network.connect((verdict) => verdicts.push(verdict));
    timers.advance(1000);
    expect(verdicts).toEqual([1]);
    answers.home = "AUTH_FAIL";
    network.connect((verdict) => verdicts.push(verdict));
    timers.advance(1000);
    expect(verdicts).toEqual([1, 2]);
  });

  describe("over which nobody answers", () => {
    const BARN = { ssid: "barn", password: "hay stack" };
    const LIST = { home: "", shed: "", barn: "" };

    /** Joins, and distrusts the link in turns where `dead` says whether it is dead; returns the networks in their order. */
    function walk(networks: WifiNetwork[], dead: (ssid: string) => boolean | undefined, turns: number): string[] {
      const { network, timers, joins } = setUp(networks, { ...LIST });
      for (let turn = 0; turn < turns; turn++) {
        network.connect(() => {});
        timers.advance(5000);
        expect(network.up()).toBe(true);
        const isDead = dead(joins[joins.length - 1].split("/")[0]);
        if (isDead !== undefined) network.distrust(isDead);
      }
      return joins.map((join) => join.split("/")[0]);
    }

    test("is left at the next connect, for the next network", () => {
      expect(walk([HOME, SHED], (ssid) => (ssid === "home" ? true : undefined), 5)).toEqual(["home", "shed"]);
    });

    test("is left and joined again where there is no other", () => {
      expect(walk([HOME], () => true, 3)).toEqual(["home", "home", "home"]);
    });

    test("is kept where there is no other and somebody answers, as a new link would be no better", () => {
      expect(walk([HOME], () => false, 3)).toEqual(["home"]);
      expect(walk([HOME, SHED], () => false, 3)).toEqual(["home", "shed", "home"]);
    });

    test("gives way to each other network in turn, and gets another try after them", () => {
      expect(walk([HOME, SHED, BARN], () => true, 5)).toEqual(["home", "shed", "barn", "home", "shed"]);
    });

    test("is joined again in the same round when no other network is there", () => {
      const { network, timers, joins } = setUp([HOME, SHED], { home: "", shed: "NO_AP_FOUND" });
      network.connect(() => {});
      timers.advance(1000);
      network.distrust(true);
      const verdicts: number[] = [];
      network.connect((verdict) => verdicts.push(verdict));
      timers.advance(5000);
      expect(joins.map((join) => join.split("/")[0])).toEqual(["home", "shed", "home"]);
      expect(verdicts).toEqual([0]);
    });

    test("is left with a pause, in which the radio tells that it is gone", () => {
      const { network, timers, joinedAtMs, leaves } = setUp([HOME], { home: "" });
      network.connect(() => {});
      timers.advance(1000);
      network.distrust(true);
      const before = leaves();
      network.connect(() => {});
      expect(leaves()).toBe(before + 1);
      timers.advance(2000);
      expect(joinedAtMs[1] - joinedAtMs[0]).toBe(2000);
    });
  });
});
