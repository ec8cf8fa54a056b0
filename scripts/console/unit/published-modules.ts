import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { ROOT } from "../../build/bundle.ts";
import { FieldError } from "../terminal/field-error.ts";

/** As EspruinoTools looks for them (core/modules.js, MODULE_URL and MODULE_EXTENSIONS). */
const MODULE_URL = "https://www.espruino.com/modules";
const EXTENSIONS = [".min.js", ".js"];
const TIMEOUT_MS = 15000;

/** Built into some builds and published nowhere (libs/ of Espruino 2v29): a program asks for them only where they are. */
const NATIVE = new Set(
  "timer Flash Storage heatshrink fs net dgram tls http NetworkJS TelnetServer crypto neopixel Wifi ESP32 ESP8266 tensorflow".split(
    " ",
  ),
);

export interface ModuleOptions {
  /** Folders that are looked through first: a module found there needs no internet. */
  folders: string[];
  fetchText?: (url: string) => Promise<string | undefined>;
}

/** Where modules lie for use without internet: beside the device file, and in the repository. */
export function moduleFolders(deviceFile: string | undefined): string[] {
  const beside = deviceFile === undefined ? [] : [join(dirname(resolve(deviceFile)), "modules")];
  return [...beside, join(ROOT, "modules")];
}

/** Published modules that a program requires and the board was not built with. */
export function missingModules(code: string, builtIn: string[]): string[] {
  const names = new Set([...code.matchAll(/\brequire\(["']([\w-]+)["']\)/g)].map((match) => match[1]));
  return [...names].filter((name) => !builtIn.includes(name) && !NATIVE.has(name)).sort();
}

/**
 * The program with the modules it needs in front, as EspruinoTools puts them (`Modules.addCached` with a function, whose
 * code stays in flash): one file, one checksum. Throws a `FieldError` for one that is nowhere to be had.
 */
export async function addModules(code: string, builtIn: string[], options: ModuleOptions): Promise<string> {
  const lines: string[] = [];
  for (const name of missingModules(code, builtIn)) {
    const text = (await findModule(name, options)).trim();
    // A line comment at the end would swallow the brace.
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
    // Kept, so that the next device needs no internet.
    const folder = options.folders.at(-1) as string;
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, name + extension), text, "latin1");
    return text;
  }
  throw new FieldError(
    `The device file's sensors need Espruino's module ${name}, which is not on this computer, and ${MODULE_URL} was not reached.`,
    `Fetch ${MODULE_URL}/${name}.min.js once, on any computer, and put it into ${options.folders.at(-1)}.`,
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
