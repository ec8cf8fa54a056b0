import type { Chip, Log, Timers, WifiRadio } from "../platform/ports.ts";
import type { WifiNetwork } from "../settings.ts";
import { VERDICT, type Verdict } from "../verdict.ts";

/** A network that answers neither yes nor no (without DHCP, say) is given up after this. The radio itself tries three times. */
export const JOIN_TIMEOUT_MS = 45000;
/** Wait between rounds over all networks: random, up to a limit that doubles from FIRST to MAX. */
const BACKOFF_FIRST_MS = 5000;
const BACKOFF_MAX_MS = 300000;
const BACKOFF_MIN_MS = 1000;

export interface Network {
  up(): boolean;
  /**
   * Joins, and keeps the connection from now on. `done` is called with `allSent` once connected, at once if it was already, or
   * with `noAccessPoint` or `wrongPassword` when every network has failed. Goes on trying by itself until `disconnect`.
   * Without a network to join, it is called at once with `notProvisioned`, and nothing is tried.
   */
  connect(done: (verdict: Verdict) => void): void;
  /**
   * This link led nowhere: the next `connect` leaves it and joins the next network. Where there is no other, it joins the same
   * one again, but only if the link is `dead`, which is that nothing at all answered: associated is not connected, and a link
   * can be dead until the station has left.
   */
  distrust(dead: boolean): void;
  /** Turns the radio off and stops trying. */
  disconnect(): void;
  /** Called when it has connected and no `connect` was waiting. One listener. */
  onUp(callback: () => void): void;
  /** Called when the connection is gone, lost or turned off. One listener. */
  onDown(callback: () => void): void;
}

/** Joins the networks in turn, the last good one first, and rejoins by itself: Espruino does nothing after a loss. */
export function createNetwork(
  radio: WifiRadio,
  timers: Timers,
  chip: Pick<Chip, "random">,
  networks: WifiNetwork[],
  log: Log,
): Network {
  let up = false;
  let wanted = false;
  let joining = false;
  let timer: number | undefined;
  let place = 0;
  /** The link that stands is to be left. */
  let stale = false;
  /** A bit for each network whose password was taken since the boot. */
  let taken = 0;
  let triedOfRound = 0;
  let wrongPassword = false;
  let roundsFailed = 0;
  // Number of the present join: the radio answers late, or twice, or after it was told to stop.
  let joins = 0;
  let waiting: ((verdict: Verdict) => void)[] = [];
  let upListener: (() => void) | undefined;
  let downListener: (() => void) | undefined;

  function answer(verdict: Verdict) {
    const all = waiting;
    waiting = [];
    all.forEach((done) => {
      done(verdict);
    });
  }

  function wait(delayMs: number, then: () => void) {
    if (timer !== undefined) timers.clearTimeout(timer);
    timer = timers.setTimeout(() => {
      timer = undefined;
      then();
    }, delayMs);
  }

  /** The present join came to its end: `failure` in the radio's words, or "". */
  function endJoin(failure: string) {
    joins++;
    joining = false;
    if (timer !== undefined) timers.clearTimeout(timer);
    timer = undefined;
    if (failure === "") {
      up = true;
      stale = false;
      taken |= 1 << place;
      roundsFailed = 0;
      triedOfRound = 0;
      wrongPassword = false;
      log("info", `joined ${networks[place].ssid}`);
      if (waiting.length > 0) answer(VERDICT.allSent);
      else if (upListener) upListener();
      return;
    }
    // A radio left on would start no new join.
    radio.leave();
    log("warn", `could not join ${networks[place].ssid}: ${failure}`);
    // Reasons of the ESP32's radio (libs/network/esp32/jswrap_esp32_network.c, wifiReasonToString). A wrong passphrase shows as a
    // handshake that times out, and so does a weak signal: that it is where this password worked since the boot.
    const refused = failure === "AUTH_FAIL" || failure === "802_1X_AUTH_FAILED" || failure === "MIC_FAILURE";
    const timedOut = failure === "HANDSHAKE_TIMEOUT" || failure === "4WAY_HANDSHAKE_TIMEOUT";
    if (refused || (timedOut && (taken & (1 << place)) === 0)) wrongPassword = true;
    place = (place + 1) % networks.length;
    triedOfRound++;
    if (triedOfRound < networks.length) {
      join();
      return;
    }
    const verdict = wrongPassword ? VERDICT.wrongPassword : VERDICT.noAccessPoint;
    triedOfRound = 0;
    wrongPassword = false;
    // Full jitter: units that lost the same access point do not come back in step.
    const limitMs = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * (1 << Math.min(roundsFailed, 10)));
    roundsFailed++;
    wait(Math.max(BACKOFF_MIN_MS, chip.random() * limitMs), join);
    answer(verdict);
  }

  function join() {
    const mine = ++joins;
    const network = networks[place];
    joining = true;
    wait(JOIN_TIMEOUT_MS, () => {
      endJoin("no answer");
    });
    try {
      radio.join(network.ssid, network.password, (failure) => {
        if (mine === joins) endJoin(failure);
      });
    } catch (error) {
      if (mine === joins) endJoin(String(error));
    }
  }

  radio.onLost((reason) => {
    if (!up) return;
    up = false;
    radio.leave();
    log("warn", `Wi-Fi lost: ${reason}`);
    if (downListener) downListener();
    if (wanted && !joining) wait(BACKOFF_MIN_MS * (1 + chip.random()), join);
  });

  return {
    up() {
      return up;
    },
    connect(done) {
      if (up && !stale) {
        done(VERDICT.allSent);
        return;
      }
      if (networks.length === 0) {
        done(VERDICT.notProvisioned);
        return;
      }
      wanted = true;
      waiting.push(done);
      if (up) {
        up = false;
        radio.leave();
        // Its "disconnected" comes after a moment, and would end a join that is under way.
        wait(BACKOFF_MIN_MS, join);
      } else if (!joining) join(); // Somebody is waiting: no backoff.
    },
    distrust(dead) {
      if (!up || !(dead || networks.length > 1)) return;
      stale = true;
      place = (place + 1) % networks.length;
    },
    disconnect() {
      const was = up;
      wanted = false;
      up = false;
      joining = false;
      joins++;
      if (timer !== undefined) timers.clearTimeout(timer);
      timer = undefined;
      triedOfRound = 0;
      wrongPassword = false;
      radio.leave();
      answer(VERDICT.noAccessPoint);
      if (was && downListener) downListener();
    },
    onUp(callback) {
      upListener = callback;
    },
    onDown(callback) {
      downListener = callback;
    },
  };
}
