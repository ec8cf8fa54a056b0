/**
 * What this unit measures and where it sends: the one file to edit. `npm run build` says whether it fits.
 * Nothing secret belongs here: `npm run provision` puts the Wi-Fi passwords and the Blynk token on the unit.
 */
import type { Device } from "./device-types.ts";
import { analog } from "./sensors/analog.ts";

// Other sensors, each with its wiring in its file; all are listed in sensors/README.md:
// import { battery } from "./sensors/battery.ts"; … sensor: battery("D32", { r1: 100, r2: 100 })
// import { bme280 } from "./sensors/bme280.ts";   const air = bme280("D21", "D22");   … sensor: air.humidity
// import { custom } from "./sensors/custom.ts";   … sensor: custom(() => 42)
// import { dht22 } from "./sensors/dht22.ts";     const air = dht22("D4");            … sensor: air.temperature
// import { ds18b20 } from "./sensors/ds18b20.ts"; … sensor: ds18b20("D13")            or ds18b20("D13", "28ff641e8416d364")
// import { hx711 } from "./sensors/hx711.ts";     … sensor: hx711("D16", "D17", { tare: 84210, scale: 0.00231 })
// import { pulse } from "./sensors/pulse.ts";     … sensor: pulse("D27", { perPulse: 0.2794, debounceMs: 20 })
// import { scd4x } from "./sensors/scd4x.ts";     const room = scd4x("D21", "D22");   … sensor: room.co2
// import { sht4x } from "./sensors/sht4x.ts";     const air = sht4x("D21", "D22");    … sensor: air.humidity      (sht3x alike)
// import { soil } from "./sensors/soil.ts";       … sensor: soil("D33", { dry: 0.71, wet: 0.32 })

export const device: Device = {
  name: "logger",

  // Three points a minute are 4,320 a day. Blynk takes 10,000 a day from a device: the rest is for what offline days left.
  datastreams: [
    {
      pin: "v1",
      name: "temperature",
      // TMP36 at 3.3 V: 0.5 V at 0 °C, 10 mV a degree.
      sensor: analog("D34", { scale: 330, offset: -50, min: -40, max: 125 }),
      intervalMs: 60000,
      decimals: 1,
    },
    {
      pin: "v2",
      name: "light",
      // Light-dependent resistor to 3.3 V, 10 kΩ to ground: percent of full scale.
      sensor: analog("D35", { scale: 100 }),
      intervalMs: 60000,
      decimals: 0,
    },
    {
      pin: "v3",
      name: "battery",
      // Two equal resistors halve the voltage: full scale is 6.6 V.
      sensor: analog("D32", { scale: 6.6 }),
      intervalMs: 60000,
      decimals: 2,
    },
  ],

  // Your region's server. Add the limits of your plan here if they differ (see device-types.ts).
  server: { url: "https://blynk.cloud" },

  // Two of them have to agree before their time is believed.
  timeServers: ["pool.ntp.org", "time.google.com", "time.cloudflare.com"],

  // A sample whose time is less certain than this is held back.
  maxTimeUncertaintyMs: 5 * 60000,

  // When more waits than can be sent before it is a month old: "oldest-first" lets the oldest expire, "thin" sends every k-th.
  overload: "oldest-first",

  // A partition that nothing else uses: "flash" (64 kB), or "ota_0" (1.5 MB) for months offline.
  region: "flash",

  // Sync interval while there is Wi-Fi. For a radio that is on only during a sync, set `connectEveryMs` instead.
  syncEveryMs: 3600000,

  // The BOOT button and the blue LED of most ESP32 boards. Leave out what your board does not have.
  button: { pin: "D0", activeLow: true },
  led: { pin: "D2", activeLow: false },
};
