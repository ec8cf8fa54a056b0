import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { ROOT } from "../../build/bundle.ts";
import { FieldError } from "../terminal/field-error.ts";

/** Where EspruinoTools looks for modules (core/modules.js, MODULE_URL and MODULE_EXTENSIONS). */
const MODULE_URL = "https://www.espruino.com/modules";
const EXTENSIONS = [".min.js", ".js"];
const TIMEOUT_MS = 15000;

/** Modules that some builds contain and that are not published (libs/ of Espruino 2v29): a program requires them only where they are built in. */
const NATIVE = new Set(
  "timer Flash Storage heatshrink fs net dgram tls http NetworkJS TelnetServer crypto neopixel Wifi ESP32 ESP8266 tensorflow".split(
    " ",
  ),
);

export interface ModuleOptions {
  /** Folders to search first: a module in one of them needs no internet. The last one keeps what was fetched. */
  folders: string[];
  fetchText?: (url: string) => Promise<string | undefined>;
}

/** Folders with modules for use without internet: beside the device file, and in the repository. */
export function moduleFolders(deviceFile: string | undefined): string[] {
  const beside = deviceFile === undefined ? [] : [join(dirname(resolve(deviceFile)), "modules")];
  return [...beside, join(ROOT, "modules")];
}

/** Published modules that a program requires and that are not built into the board's Espruino. */
export function missingModules(code: string, builtIn: string[]): string[] {
  const names = new Set([...code.matchAll(/\brequire\(["']([\w-]+)["']\)/g)].map((match) => match[1]));
  return [...names].filter((name) => !builtIn.includes(name) && !NATIVE.has(name)).sort();
}

/**
 * The modules that the program needs, followed by the program: one file, one checksum. Modules are added as EspruinoTools
 * adds them (`Modules.addCached` with a function, whose code stays in flash). Throws a `FieldError` for a module that can't
 * be found.
 */
export async function addModules(code: string, builtIn: string[], options: ModuleOptions): Promise<string> {
  const lines: string[] = [];
  for (const name of missingModules(code, builtIn)) {
    const text = (await findModule(name, options)).trim();
    // The line end keeps a comment on the last line from swallowing the brace.
    lines.push(`Modules.addCached(${JSON.stringify(name)},function(){${text}\n});\n`);
  }
  return lines.join("") + code;
}

async function findModule(name: string, options: ModuleOptions): Promise<string> {
  for (const folder of options.folders) {
    for (const extension of EXTENSIONS) {
      const path = join(folder, name + extension);
      if (existsSync(path)) return readFileSync(path, "latin1");
    }
  }
  const fetchText = options.fetchText ?? fetchFromWeb;
  for (const extension of EXTENSIONS) {
    const text = await fetchText(`${MODULE_URL}/${name}${extension}`);
    if (text === undefined || /^\s*</.test(text)) continue;
    // Kept in the folder, so that the next device needs no internet.
    const folder = options.folders.at(-1) as string;
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name + extension), text, "latin1");
    return text;
  }
  throw new FieldError(
    `The device file's sensors need Espruino's module ${name}. It is not on this computer, and ${MODULE_URL} was not reached.`,
    `Download ${MODULE_URL}/${name}.min.js on any computer, and put it into the folder ${options.folders.at(-1)}.`,
  );
}

async function fetchFromWeb(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return response.ok ? await response.text() : undefined;
  } catch {
    return undefined;
  }
}
