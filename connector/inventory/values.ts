/** How Device42 writes plain values. */

/** `yes`, `no`, `true`, `false`, `1`, `0`, in any case; undefined for anything else. */
export function flagOf(text: string): boolean | undefined {
  const lower = text.trim().toLowerCase();
  if (lower === "yes" || lower === "true" || lower === "1" || lower === "on") return true;
  if (lower === "no" || lower === "false" || lower === "0" || lower === "off") return false;
  return undefined;
}

/** A name of the caller's, as it may stand in an answer. */
export function shown(name: string): string {
  return name.length > 60 ? `${name.slice(0, 60)}...` : name;
}

/** Calendar milliseconds as Device42 writes them, `2026-01-01T00:00:00.000000Z`. */
export function timeText(calendarTime: number): string {
  return `${new Date(calendarTime).toISOString().slice(0, -1)}000Z`;
}
