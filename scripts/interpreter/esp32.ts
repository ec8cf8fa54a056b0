/** The pools of JsVars that Espruino makes on ESP32s at boot (the heap less a reserve, or the build's own limit). */

export interface PoolProfile {
  /** Which builds have it. */
  name: string;
  jsVars: number;
  /** Bytes of one JsVar. */
  blockBytes: number;
}

/** Sources and how each is known: firmware/platform/HARDWARE.md, “Builds”. */
export const POOL_PROFILES: PoolProfile[] = [
  { name: "IDF3 without Bluetooth", jsVars: 5886, blockBytes: 14 },
  { name: "IDF5", jsVars: 3600, blockBytes: 14 },
  { name: "ESP32-C3", jsVars: 4095, blockBytes: 13 },
];

/**
 * Peaks, long lives and shortages are measured in this pool: less than the first of the profiles, so that their bounds are
 * safe there.
 */
export const ESP32_JSVARS = 5600;
