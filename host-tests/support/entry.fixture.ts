// A firmware that only logs its device, so that tests of the build need nothing but a device file.
import { device } from "../../firmware/device.ts";

console.log(device);
