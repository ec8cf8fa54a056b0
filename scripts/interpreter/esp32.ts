/** The pool of an ESP32 without Bluetooth (firmware/platform/HARDWARE.md); the interpreter's own may be larger. */
export const ESP32_JSVARS = 5200;
