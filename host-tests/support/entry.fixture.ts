// A firmware of one import, so that tests of the build need no more than a device file.
import { device } from "../../firmware/device.ts";

console.log(device);
