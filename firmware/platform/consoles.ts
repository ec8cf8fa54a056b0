/**
 * Turns the wireless consoles off. By default ESP32 builds offer a REPL without a password, over telnet and over Bluetooth
 * UART: anyone in reach could read Storage. A console that the device file names gets the password; without a password it
 * stays off. The password then guards the cable too. Returns what is wrong, in words, or "".
 */
export function lockConsoles(
  wanted: { telnet?: boolean; bluetooth?: boolean },
  password: string | undefined,
  telnet: EspruinoTelnet | undefined,
  bluetooth: EspruinoBluetooth | undefined,
): string {
  const open = password !== undefined && password !== "";
  if (open && (wanted.telnet || wanted.bluetooth)) {
    E.setPassword(password as string);
    E.lockConsole();
  }
  if (telnet !== undefined) telnet.setOptions({ mode: open && wanted.telnet ? "on" : "off" });
  if (bluetooth !== undefined && !(open && wanted.bluetooth)) {
    bluetooth.setServices({}, { uart: false });
    bluetooth.sleep();
  }
  if (!open && (wanted.telnet || wanted.bluetooth)) return "a wireless console without consolePassword stays off";
  return "";
}
