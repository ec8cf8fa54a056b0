/**
 * `require("Wifi")` as libs/network/esp32/jswrap_esp32_network.c has it: three tries a connect, silent retries after a
 * loss while tries are left, and never a reconnect by itself after "disconnected".
 */
import type { Boot } from "../boot.ts";
import type { Network } from "../network/network.ts";
import { wifiFault } from "../network/wifi-faults.ts";
import type { AccessPoint, Script, WifiFaultKind } from "../script.ts";

export interface WifiRadio {
  /** What `require("Wifi")` returns. */
  module: Record<string, unknown>;
  /** Looks whether the access point is still there. Called when a Wi-Fi fault begins or ends. */
  surroundingsChanged(): void;
}

const REASONS = {
  noApFound: ["201", "NO_AP_FOUND"],
  handshake: ["15", "4WAY_HANDSHAKE_TIMEOUT"],
  beaconTimeout: ["200", "BEACON_TIMEOUT"],
  leave: ["8", "ASSOC_LEAVE"],
} as const;

type Emitter = { emit(event: string, ...args: unknown[]): void };

export function createWifi(
  boot: Boot,
  network: Network,
  script: Script,
  accessPoints: AccessPoint[],
  inEmitter: (object: Record<string, unknown>) => Emitter & Record<string, unknown>,
): WifiRadio {
  const { world, prng } = boot;
  let wanted: { ssid: string; password: string } | undefined;
  let associated = false; // g_isStaConnected: stays true through silent retries
  let joined = false;
  let tries = 0; // s_retry_num
  let onDone: unknown;
  let onGone: unknown;
  let trying = false;
  let ownAccessPoint = script.ownAccessPoint === true;
  let attempt = 0; // grows with every connect or disconnect: plans of an older one are void

  const fault = (kind: WifiFaultKind, ssid: string | undefined) =>
    wifiFault(script.wifi ?? [], kind, ssid, world.nowMs()) !== undefined;
  const inReach = () => accessPoints.filter((one) => !fault("gone", one.ssid));

  function later(lowMs: number, highMs: number, action: () => void): void {
    const mine = attempt;
    world.at(world.nowMs() + prng.between(lowMs, highMs), () => {
      if (boot.alive() && mine === attempt) action();
    });
  }

  function setJoined(value: boolean): void {
    joined = value;
    network.setJoined(value ? wanted?.ssid : undefined);
  }

  function tryOnce(): void {
    trying = true;
    later(600, 2500, () => {
      // Seen in an emulated 2v27.45 beside its own access point: the radio falls back from "auth" to "init", reason 200.
      if (ownAccessPoint) return disconnectedEvent("beaconTimeout");
      const there = inReach().find((one) => one.ssid === wanted?.ssid);
      if (!there) return disconnectedEvent("noApFound");
      if (there.password !== wanted?.password || fault("wrong-password", there.ssid) || fault("weak", there.ssid)) {
        return later(2000, 4000, () => disconnectedEvent("handshake"));
      }
      associated = true;
      wifi.emit("associated", { ssid: there.ssid, mac: "02:00:00:00:00:01", channel: "6" });
      later(300, 3000, gotIp);
    });
  }

  function gotIp(): void {
    trying = false;
    setJoined(true);
    const done = onDone;
    onDone = undefined;
    boot.queue(done, undefined, [null]);
    wifi.emit("connected", { ip: "192.0.2.77", netmask: "255.255.255.0", gw: "192.0.2.1" });
    // Every DHCP answer gives a "connected", a renewal too.
    if (prng.chance(0.2)) later(1000, 3_600_000, () => (joined ? gotIp() : undefined));
  }

  function disconnectedEvent(why: keyof typeof REASONS): void {
    setJoined(false);
    if (--tries > 0) {
      tryOnce();
      return;
    }
    associated = false;
    trying = false;
    attempt++;
    const [reason, msg] = REASONS[why];
    boot.queue(onGone, undefined, []);
    onGone = undefined;
    wifi.emit("disconnected", { ssid: wanted?.ssid ?? "", mac: "02:00:00:00:00:01", reason, msg });
    const done = onDone;
    onDone = undefined;
    boot.queue(done, undefined, [msg]);
  }

  const wifi = inEmitter({
    connect(ssid: unknown, options: { password?: string } | undefined, callback: unknown) {
      boot.check();
      if (typeof ssid !== "string") throw new Error("No SSID provided");
      if (callback !== undefined && typeof callback !== "function") throw new Error("Expecting callback function");
      wanted = { ssid, password: options?.password ?? "" };
      onDone = callback;
      onGone = undefined;
      if (trying && !associated) {
        // esp_wifi_start on a started radio does nothing: the running attempt takes the new name and password at its next try.
        tries = 3;
        return;
      }
      attempt++;
      tries = associated ? 2 : 3;
      if (associated) setJoined(false);
      tryOnce();
    },
    disconnect(callback: unknown) {
      boot.check();
      onGone = callback;
      tries = 0;
      trying = false;
      attempt++;
      if (associated || wanted) {
        wanted = undefined;
        later(5, 50, () => disconnectedEvent("leave"));
      }
      setJoined(false);
      boot.queue(callback, undefined, []);
    },
    stopAP(callback: unknown) {
      boot.check();
      ownAccessPoint = false;
      boot.queue(callback, undefined, []);
    },
    ...stationAnswers(boot, () => ({ joined, ssid: wanted?.ssid, ownAccessPoint })),
    scan(callback: unknown) {
      boot.check();
      const found = inReach().map((one) => seenBy(boot, one));
      world.at(world.nowMs() + prng.between(1500, 3000), () => boot.queue(callback, undefined, [found]));
    },
  });
  boot.onEnd(() => {
    attempt++;
    setJoined(false);
  });

  return {
    module: wifi,
    surroundingsChanged() {
      if (!boot.alive() || !joined) return;
      network.surroundingsChanged();
      if (fault("gone", wanted?.ssid) || fault("wrong-password", wanted?.ssid)) {
        setJoined(false);
        attempt++;
        // The radio misses beacons for some seconds before it reports the loss.
        later(1000, 6000, () => disconnectedEvent("beaconTimeout"));
      }
    },
  };
}

interface StationState {
  joined: boolean;
  /** Of the network that is joined or wanted. */
  ssid: string | undefined;
  /** The runtime's own access point is open. */
  ownAccessPoint: boolean;
}

/** An access point as a scan shows it. */
function seenBy({ prng }: Boot, { ssid, password }: AccessPoint): Record<string, unknown> {
  return { ssid, rssi: -40 - prng.below(45), authMode: password === "" ? "open" : "wpa2", channel: 6 };
}

/** Members that only ask, or that do nothing here. */
function stationAnswers(boot: Boot, now: () => StationState): Record<string, unknown> {
  const done = (callback: unknown) => boot.queue(callback, undefined, []);
  return {
    setHostname: (_name: string, callback: unknown) => done(callback),
    setConfig: () => undefined,
    save: () => undefined,
    setSNTP() {
      throw new Error("Wifi.setSNTP moves the clock underneath the interpreter: the simulator does not offer it");
    },
    getStatus: () => ({
      mode: now().ownAccessPoint ? "sta+ap" : "sta",
      station: now().joined ? "connected" : "off",
      ap: now().ownAccessPoint ? "enabled" : "disabled",
      ssid: now().ssid ?? "",
    }),
    getDetails(callback: unknown) {
      const { joined, ssid } = now();
      const details = joined
        ? { status: "connected", rssi: -40 - boot.prng.below(45), ssid, authMode: "wpa2" }
        : { status: "off" };
      boot.queue(callback, undefined, [details]);
      return details;
    },
    getIP(callback: unknown) {
      const info = {
        ip: now().joined ? "192.0.2.77" : "0.0.0.0",
        gw: "192.0.2.1",
        netmask: "255.255.255.0",
        mac: "02:00:00:00:00:77",
      };
      boot.queue(callback, undefined, [null, info]);
      return info;
    },
  };
}
