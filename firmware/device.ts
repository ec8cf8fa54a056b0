/**
 * What this unit measures and where it sends: the one file to edit. `npm run build` says whether it fits.
 * Nothing secret belongs here: `npm run provision` puts the Wi-Fi passwords and the Blynk token on the unit.
 */
import type { Device } from "espruino-backfill/device-types";
import { analog } from "espruino-backfill/sensors/analog";

// Other sensors are imported alike: bme280 from "espruino-backfill/sensors/bme280". The wiring is in each one's file; all
// are listed in sensors/README.md. `npm run new` writes a file like this one from your answers.
//
//   sensor: battery("D32", { r1: 100, r2: 100 })
//   const air = bme280("D21", "D22"); …  sensor: air.humidity                                (bmp280, of the same file, alike)
//   sensor: custom(() => 42)
//   const air = dht22("D4"); …           sensor: air.temperature
//   sensor: ds18b20("D13")               or ds18b20("D13", "28ff641e8416d364")
//   sensor: hx711("D16", "D17", { tare: 84210, scale: 0.00231 })
//   sensor: pulse("D27", { perPulse: 0.2794, debounceMs: 20 })
//   const room = scd4x("D21", "D22"); …  sensor: room.co2
//   const air = sht4x("D21", "D22"); …   sensor: air.humidity                                (sht3x alike)
//   sensor: soil("D33", { dry: 0.71, wet: 0.32 })

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
