import type { WifiRadio } from "./ports.ts";

/**
 * The Wi-Fi station over Espruino's `Wifi` module (libs/network/esp32/jswrap_esp32_network.c). `connect` tries three times by
 * itself, then its callback has the reason and the radio stops. The callback may never come (no DHCP answer, a password
 * too long for the radio): the caller sets its own time limit, and calls `leave` before it joins again, because a radio
 * that is already started starts no new join. `Wifi.setSNTP` is never called (it moves the clock underneath the
 * interpreter's timers), nor `Wifi.save` (it would connect at boot on its own), nor `getDetails` (it holds the password).
 * 2v27 opens an access point at boot, without a password: a hole beside the logger, heap that TLS needs, and joins fail until it
 * is closed (seen in an emulated 2v27.45). So it is closed at the start, and before every join.
 */
export function createWifiRadio(native: EspruinoWifi): WifiRadio {
  let joining: ((failure: string | null) => void) | undefined;
  let joined = "";
  let onLost: ((reason: string) => void) | undefined;

  native.stopAP();
  native.on("disconnected", (details) => {
    // A failed join fires this too, before its callback.
    if (joining !== undefined || joined === "") return;
    joined = "";
    if (onLost !== undefined) onLost(details.msg);
  });

  return {
    join(ssid, password, done) {
      function finish(failure: string | null) {
        if (joining !== finish) return;
        joining = undefined;
        if (failure === null) joined = ssid;
        done(failure ?? "");
      }
      joined = "";
      joining = finish;
      native.stopAP();
      native.connect(ssid, password === "" ? {} : { password: password }, finish);
    },
    leave() {
      joining = undefined;
      joined = "";
      native.disconnect();
    },
    onLost(callback) {
      onLost = callback;
    },
  };
}
