/** A daemon from the system, for as long as a test lasts: unprivileged, on 127.0.0.1, with a folder of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, chownSync, constants, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

export interface Daemon {
  /** "http://127.0.0.1:41234" */
  url: string;
  port: number;
  /** Its folder, which goes when it stops. */
  folder: string;
  /** What it has printed. */
  log(): string;
  /** Resolves when its process is gone. */
  stop(): Promise<void>;
}

export interface DaemonOptions {
  program: string;
  /** Of its configuration file, in the daemon's folder. */
  configName: string;
  config(port: number, folder: string): string;
  args(configFile: string, folder: string): string[];
  /** Resolves once it serves; called again until then. Default: it takes connections. */
  isReady?(port: number, log: string): Promise<boolean>;
}

/** Debian keeps daemons where a user's PATH does not look. */
const MORE_FOLDERS = ["/usr/sbin", "/usr/local/sbin"];
/** nobody: a daemon that a test starts as root does not stay root. */
const NOBODY = { uid: 65534, gid: 65534 };
const READY_MS_MAX = 20_000;
const STOP_MS_MAX = 5000;
const POLL_MS = 20;
/** Somebody else may take the free port before the daemon does. */
const TRIES = 3;

/**
 * Runs a daemon that ends with its parent, however that ends: its standard input closes, and the whole group is told to go.
 */
const GUARD = 'exec 3<&0; ( cat <&3 >/dev/null; kill -s TERM 0 ) & exec 3<&-; "$@" </dev/null & wait $!';

/** Its path, or undefined if it is not installed. */
export function findProgram(name: string): string | undefined {
  for (const folder of [...(process.env.PATH ?? "").split(delimiter), ...MORE_FOLDERS]) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not there.
    }
  }
  return undefined;
}

/** Rejects with what it printed when it does not serve in time. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  let why = "";
  for (let i = 0; i < TRIES; i++) {
    try {
      return await tryToStart(options, await freePort());
    } catch (error) {
      why = (error as Error).message;
    }
  }
  throw new Error(`${options.program} does not start: ${why}`);
}

async function tryToStart(options: DaemonOptions, port: number): Promise<Daemon> {
  const path = findProgram(options.program);
  if (path === undefined) throw new Error("it is not installed");
  const folder = mkdtempSync(join(tmpdir(), `backfill-${options.program}-`));
  const configFile = join(folder, options.configName);
  writeFileSync(configFile, options.config(port, folder));
  const identity = process.getuid?.() === 0 ? NOBODY : {};
  if (process.getuid?.() === 0) chownSync(folder, NOBODY.uid, NOBODY.gid);
  // A group of its own, so that its workers end with it.
  const child = spawn("/bin/sh", ["-c", GUARD, "sh", path, ...options.args(configFile, folder)], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder },
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
    ...identity,
  });
  let log = "";
  let ended = false;
  const gone = new Promise<void>((done) => {
    child.once("exit", () => {
      ended = true;
      done();
    });
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (bytes: Buffer) => {
      log += bytes.toString();
    });
  }
  const stop = async () => {
    kill(child, "SIGTERM");
    const late = setTimeout(() => kill(child, "SIGKILL"), STOP_MS_MAX);
    await gone;
    clearTimeout(late);
    kill(child, "SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  const isReady = options.isReady ?? takesConnections;
  const deadline = performance.now() + READY_MS_MAX;
  while (!ended && performance.now() < deadline) {
    // Two of them on one port: the process that took it first would answer, and this one is gone.
    if ((await isReady(port, log)) && !ended)
      return { url: `http://127.0.0.1:${port}`, port, folder, log: () => log, stop };
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
  await stop();
  throw new Error(log.trim() || "it said nothing");
}

/** Its whole group. */
function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It is gone.
  }
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("connect", () => {
      socket.destroy();
      done(true);
    });
    socket.once("error", () => done(false));
  });
}

/** A TCP port of 127.0.0.1 that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((done, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => done(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
