/** The fixes that pending samples need, when there are more than the ledger's bank has room for. */
import { expect, it } from "vitest";
import { StoredLife } from "./stored-life.ts";

it("dates the samples of 500 power-ons that met a clock, while the server takes nothing", () => {
  const life = new StoredLife(20, 40);
  for (let boot = 1; boot <= 500; boot++) {
    life.fix(5);
    if (boot === 3) life.attempt(10);
    life.fix(-5);
    life.run(30);
    life.fix(5);
    life.run(20);
    life.fix(-5);
    life.reboot(boot % 7 === 0 ? 600 : 15);
    expect(life.storage.ledger.fixesLost()).toBe(0);
    if (boot % 25 === 0) expect(life.undated()).toEqual([]);
  }
  console.log(life.storage.ring.fill(), life.storage.ledger.fixes().length);
  const a = life.storage.ledger.fixes().archive!();
  for (let i = 0; i < 600; i += 10) console.log(a.around(i * 51 * 60000).map((f) => `${f.id}:${f.session}`).join(" "));
});
