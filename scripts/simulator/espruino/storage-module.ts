/** `require("Storage")`: files in flash that outlive a boot. Writes are whole; only the firmware's own region tears. */
import type { Boot } from "../boot.ts";

interface Inside {
  JSON: JSON;
  Error: ErrorConstructor;
}

export function createStorage(boot: Boot, files: Map<string, string>, inside: Inside): Record<string, unknown> {
  const nameOf = (name: unknown): string => {
    boot.check();
    const text = String(name);
    if (text.length === 0 || text.length > 28) throw new inside.Error("Invalid file name");
    return text;
  };
  const textOf = (data: unknown): string => (typeof data === "string" ? data : inside.JSON.stringify(data));
  return {
    read(name: unknown, offset?: number, length?: number) {
      const content = files.get(nameOf(name));
      if (content === undefined || offset === undefined) return content;
      return content.slice(offset, length === undefined ? undefined : offset + length);
    },
    readJSON(name: unknown, noExceptions?: boolean) {
      const content = files.get(nameOf(name));
      if (content === undefined) return undefined;
      try {
        return inside.JSON.parse(content);
      } catch (error) {
        if (noExceptions) return undefined;
        throw error;
      }
    },
    write(name: unknown, data: unknown) {
      files.set(nameOf(name), textOf(data));
      return true;
    },
    writeJSON(name: unknown, data: unknown) {
      files.set(nameOf(name), inside.JSON.stringify(data));
      return true;
    },
    erase: (name: unknown) => void files.delete(nameOf(name)),
    list: () => [...files.keys()],
    getFree: () => 500_000,
    compact: () => undefined,
    hash: () => 0,
  };
}
