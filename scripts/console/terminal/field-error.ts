/** Something a person can put right. `message` says what happened, `advice` what to do about it. */
export class FieldError extends Error {
  readonly advice: string;
  constructor(message: string, advice: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "FieldError";
    this.advice = advice;
  }
}

/** The operating system's words for why a port did not open, in ours. `reason` is the error's code and message together. */
const PORT_FAILURES: [RegExp, (port: string) => [string, string]][] = [
  [
    /ENOENT|No such file|File not found|error code 2\b|cannot find/i,
    (port) => [
      `There is no port ${port}.`,
      "Plug the device in and look at the list that the command offers without --port. Some cables only charge: try another one. A board with a CP210x or CH340 chip needs that chip's driver on Windows and macOS.",
    ],
  ],
  [
    /EACCES|EPERM|Permission denied/i,
    (port) => [
      `You may not open ${port}.`,
      "On Linux, add yourself to the group that owns it (`sudo usermod -aG dialout $USER`, on Arch `uucp`) and log in again.",
    ],
  ],
  [
    /EBUSY|Cannot lock port|Resource (temporarily unavailable|busy)|Access (is )?denied|in use/i,
    (port) => [
      `${port} is in use by another program.`,
      "Close the serial monitor, the Web IDE or the other command that holds it, then try again.",
    ],
  ],
  [
    /ECONNREFUSED/,
    (port) => [
      `Nothing answers at ${port}.`,
      "The firmware keeps the telnet console off unless the device file says `console: { telnet: true }`. Use the cable, or turn it on and flash by cable once.",
    ],
  ],
  [
    /ENOTFOUND|EAI_AGAIN/,
    (port) => [`The name in ${port} is not known to the network.`, "Write the device's address in numbers."],
  ],
  [
    /ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/,
    (port) => [
      `${port} does not answer.`,
      "See that this computer and the device are in the same network and the address is right.",
    ],
  ],
];

/** A failure to open a port, as a `FieldError`. */
export function portError(port: string, cause: unknown): FieldError {
  const error = cause as { code?: string; message?: string };
  const reason = `${error?.code ?? ""} ${error?.message ?? String(cause)}`.trim();
  for (const [pattern, words] of PORT_FAILURES) {
    if (pattern.test(reason)) return new FieldError(...words(port), { cause });
  }
  return new FieldError(`${port} could not be opened: ${reason}`, "Pull the cable, plug it in again and retry.", {
    cause,
  });
}

/** The connection went away while something was under way. */
export function cableError(during: string): FieldError {
  return new FieldError(
    `The connection to the device was lost ${during}.`,
    "Plug the cable in again and repeat the command. The samples in flash are untouched.",
  );
}
