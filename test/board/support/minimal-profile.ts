/** What `firmware/boards/espruino/minimal.ts` claims, for the conformance harness. */
export const MINIMAL_PROFILE = {
  name: "Dormouse minimal on Espruino",
  versions: ["1.1"],
  contentFormats: [0, 11542],
  features: ["queue mode", "reboot", "disable"],
  objects: [1, 3],
  values: { "/3/0/0": "Espruino" },
};
