/** What `firmware/boards/espruino/minimal.ts` claims, for the conformance harness. */

/** What the interpreter says of its board. */
export interface BoardIdentity {
  readonly model: string;
  readonly serial: string;
  readonly version: string;
}

export function minimalProfile({ model, serial, version }: BoardIdentity) {
  return {
    name: "Dormouse minimal on Espruino",
    versions: ["1.1"],
    contentFormats: [0, 11542],
    features: ["queue mode", "reboot", "disable"],
    objects: [1, 3],
    values: {
      "/1/0/6": true,
      "/3/0/0": "Espruino",
      "/3/0/1": model,
      "/3/0/2": serial,
      "/3/0/3": version,
      // No battery.
      "/3/0/6": null,
      "/3/0/7": null,
      "/3/0/8": null,
      "/3/0/9": null,
      "/3/0/20": null,
      // Free memory is another in each moment.
      "/3/0/10": null,
      // What the board does not know of itself.
      "/3/0/17": null,
      "/3/0/18": null,
      "/3/0/19": null,
      "/3/0/21": null,
    },
  };
}

/** What `test/board/programs/powered.ts` claims beside that. */
export function poweredProfile(identity: BoardIdentity) {
  const minimal = minimalProfile(identity);
  const {
    "/3/0/6": _sources,
    "/3/0/7": _voltage,
    "/3/0/8": _current,
    "/3/0/9": _level,
    ...values
  } = minimal.values;
  return { ...minimal, features: [...minimal.features, "block-wise"], values };
}
