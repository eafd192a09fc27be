/** The minimal device that runs out of memory, once in its life: two seconds after it has begun. */
import "../../../firmware/boards/espruino/minimal.ts";

const storage = require("Storage");
if (storage.read("fed") === undefined) {
  setTimeout(() => {
    storage.write("fed", "yes");
    const all: object[] = [];
    while (all.length >= 0) all.push({ a: 1, b: [2] });
  }, 2000);
}
