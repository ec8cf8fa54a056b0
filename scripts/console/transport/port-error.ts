import { FieldError } from "../terminal/field-error.ts";

/** Why a port did not open: the operating system's words, and ours for them. */
const PORT_FAILURES: [RegExp, (port: string) => [message: string, advice: string]][] = [
  [
    /ENOENT|No such file|File not found|error code 2\b|cannot find/i,
    (port) => [
      `There is no port ${port}.`,
      "Plug the device in, then run the command without --port: it lists the ports that it finds. Some USB cables only charge: try another one. On Windows and macOS, a board with a CP210x or CH340 chip needs the driver of that chip.",
    ],
  ],
  [
    /EACCES|EPERM|Permission denied/i,
    (port) => [
      `You may not open ${port}.`,
      "On Linux, add yourself to the group that owns the port (`sudo usermod -aG dialout $USER`; on Arch the group is `uucp`), then log in again.",
    ],
  ],
  [
    /EBUSY|Cannot lock port|Resource (temporarily unavailable|busy)|Access (is )?denied|in use/i,
    (port) => [
      `${port} is in use by another program.`,
      "Close the serial monitor, the Espruino Web IDE or the other command that has the port open, then try again.",
    ],
  ],
  [
    /ENOTTY|Inappropriate ioctl/i,
    (port) => [
      `${port} is not a serial port.`,
      "Run the command without --port: it lists the ports that it finds. A board is /dev/ttyUSB0 or the like, on Windows COM3.",
    ],
  ],
  [
    /ECONNREFUSED/,
    (port) => [
      `Nothing answers at ${port}.`,
      "The firmware keeps the telnet console off unless the device file says `console: { telnet: true }`. Use the cable, or turn telnet on in the device file and flash once by cable.",
    ],
  ],
  [
    /ENOTFOUND|EAI_AGAIN/,
    (port) => [`The network does not know the name in ${port}.`, "Give the device's IP address instead of a name."],
  ],
  [
    /ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/,
    (port) => [
      `${port} does not answer.`,
      "Check the address, and check that this computer and the device are in the same network.",
    ],
  ],
];

/** The `FieldError` for a port that did not open. */
export function portError(port: string, cause: unknown): FieldError {
  const error = cause as { code?: string; message?: string };
  const reason = `${error?.code ?? ""} ${error?.message ?? String(cause)}`.trim();
  for (const [pattern, words] of PORT_FAILURES) {
    if (pattern.test(reason)) return new FieldError(...words(port), { cause });
  }
  return new FieldError(`${port} could not be opened: ${reason}`, "Unplug the cable, plug it in again and retry.", {
    cause,
  });
}

/** The `FieldError` for a connection that closed. `during` says when, for example "before the device answered". */
export function connectionLost(during: string): FieldError {
  return new FieldError(
    `The connection to the device was lost ${during}.`,
    "Plug the cable in again and repeat the command. The samples in flash are untouched.",
  );
}
