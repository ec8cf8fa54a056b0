/** Bytes to and from a device, over a cable or a socket. */
export interface Transport {
  /** Calls `done` when the operating system has taken the bytes; never after the transport closed. */
  write(bytes: Buffer, done: () => void): void;
  close(): void;
  onData(listener: (bytes: Buffer) => void): void;
  /** Called once, whichever side closed it. */
  onClose(listener: () => void): void;
}
