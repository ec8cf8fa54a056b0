import { describe, expect, it } from "vitest";
import { createWifiRadio } from "../../../firmware/platform/wifi.ts";

/** Espruino's Wifi module with its events fired by hand, in the order of jswrap_esp32_network.c. */
function fakeWifi() {
  const listeners: { [event: string]: (details: unknown) => void } = {};
  const fake = {
    calls: [] as unknown[],
    /** What the last `connect` would be answered with. */
    answer: (_failure: string | null): void => {},
    fire: (event: string, details: unknown) => listeners[event]?.(details),
    native: {
      connect(ssid: string, options: object, done: (failure: string | null) => void) {
        fake.calls.push(["connect", ssid, options]);
        fake.answer = done;
      },
      disconnect: () => fake.calls.push("disconnect"),
      stopAP: () => fake.calls.push("stopAP"),
      on: (event: string, callback: (details: unknown) => void) => {
        listeners[event] = callback;
      },
    } as unknown as EspruinoWifi,
  };
  return fake;
}

function start() {
  const fake = fakeWifi();
  const radio = createWifiRadio(fake.native);
  const told: string[] = [];
  radio.onLost((reason) => told.push(`lost: ${reason}`));
  const join = (ssid: string, password = "secret") =>
    radio.join(ssid, password, (failure) => told.push(failure || ssid));
  return { fake, radio, told, join };
}

const lost = { ssid: "home", mac: "", reason: "200", msg: "BEACON_TIMEOUT" };

describe("the Wi-Fi radio", () => {
  it("joins with the password, or with none for an open network", () => {
    const { fake, told, join } = start();
    join("home");
    fake.answer(null);
    join("open", "");
    expect(fake.calls.filter((call) => call !== "stopAP")).toEqual([
      ["connect", "home", { password: "secret" }],
      ["connect", "open", {}],
    ]);
    expect(told).toEqual(["home"]);
  });

  it("closes the chip's own access point at the start, and before it joins", () => {
    const { fake, join } = start();
    expect(fake.calls).toEqual(["stopAP"]);
    join("home");
    expect(fake.calls).toEqual(["stopAP", "stopAP", ["connect", "home", { password: "secret" }]]);
  });

  it("tells a failed attempt once, by its reason, not as a lost connection", () => {
    const { fake, told, join } = start();
    join("home");
    fake.fire("disconnected", { ...lost, msg: "NO_AP_FOUND" });
    fake.answer("NO_AP_FOUND");
    fake.answer("NO_AP_FOUND");
    expect(told).toEqual(["NO_AP_FOUND"]);
  });

  it("tells a lost connection once", () => {
    const { fake, told, join } = start();
    join("home");
    fake.answer(null);
    fake.fire("disconnected", lost);
    fake.fire("disconnected", lost);
    expect(told).toEqual(["home", "lost: BEACON_TIMEOUT"]);
  });

  it("loses nothing by leaving, and forgets an attempt that it leaves", () => {
    const { fake, radio, told, join } = start();
    join("home");
    const late = fake.answer;
    radio.leave();
    late(null);
    fake.fire("disconnected", lost);
    expect(told).toEqual([]);
    expect(fake.calls).toContain("disconnect");
  });

  it("doesn't take the answer of an older attempt for that of the new one", () => {
    const { fake, told, join } = start();
    join("home");
    const older = fake.answer;
    join("shed");
    older("NO_AP_FOUND");
    expect(told).toEqual([]);
    fake.answer(null);
    expect(told).toEqual(["shed"]);
  });
});
