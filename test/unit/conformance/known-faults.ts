/** What our agent is known to do wrong, as `case criterion`. A case that begins to pass has to be taken out. */
export const KNOWN_FAULTS: readonly string[] = [];
