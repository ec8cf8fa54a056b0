import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { addModules, missingModules } from "../../scripts/console/unit/published-modules.ts";
import { makeTempFolder } from "../support/console/temp-folder.ts";

describe("Espruino's published modules", () => {
  it("are taken from a folder and put before the program, without internet", async () => {
    const modules = join(makeTempFolder(), "modules");
    mkdirSync(modules, { recursive: true });
    writeFileSync(join(modules, "DS18B20.min.js"), "exports.connect=function(){}// end");
    const code = 'require("DS18B20").connect();require("http");require("DS18B20")';
    const offline = async () => undefined;
    const whole = await addModules(code, ["http"], { folders: [modules], fetchText: offline });
    expect(whole).toBe(`Modules.addCached("DS18B20",function(){exports.connect=function(){}// end\n});\n${code}`);
    await expect(addModules('require("DHT22")', [], { folders: [modules], fetchText: offline })).rejects.toThrow(
      /DHT22.*not reached/,
    );
  });

  it("are downloaded once and kept", async () => {
    const kept = join(makeTempFolder(), "kept");
    const asked: string[] = [];
    const fetchText = async (url: string) => {
      asked.push(url);
      return "exports.connect=1";
    };
    for (let i = 0; i < 2; i++) await addModules('require("DHT22")', [], { folders: [kept], fetchText });
    expect(asked).toEqual(["https://www.espruino.com/modules/DHT22.min.js"]);
  });

  it("are left out when the board has them built in", () => {
    expect(missingModules('require("Flash");require("BME280")', ["Flash"])).toEqual(["BME280"]);
  });
});
