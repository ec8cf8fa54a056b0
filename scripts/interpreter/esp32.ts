/** JsVars of an ESP32 without Bluetooth (firmware/platform/HARDWARE.md). The interpreter's own pool may be larger. */
export const ESP32_JSVARS = 5200;
