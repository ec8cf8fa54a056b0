/** The fields of `backfill.json`, unchecked. The build keeps the names that stand here (scripts/build/passes/mangle.ts). */
export interface SettingsFile {
  token?: unknown;
  networks?: { ssid?: unknown; password?: unknown }[];
  server?: unknown;
  timeServers?: unknown;
  consolePassword?: unknown;
}
