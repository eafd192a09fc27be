/** Dates with times as RFC 3339 §5.6 writes them, "2013-05-02T10:40:15Z", in seconds since 1970. */

const DAYS_BEFORE_1970 = 719468;
const SECONDS_OF_DAY = 86400;

/** Reads a date with time, fraction and zone; undefined when it is not one. */
export function parseDateTime(text: string): number | undefined {
  const year = digits(text, 0, 4, "-");
  const month = digits(text, 5, 2, "-");
  const day = digits(text, 8, 2, "T");
  const hour = digits(text, 11, 2, ":");
  const minute = digits(text, 14, 2, ":");
  const second = digits(text, 17, 2, "");
  if (year < 0 || month < 1 || month > 12 || day < 1 || day > 31) return undefined;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) {
    return undefined;
  }
  let at = 19;
  let fraction = 0;
  if (text.charAt(at) === ".") {
    const from = ++at;
    for (let scale = 0.1; digits(text, at, 1, "") >= 0; scale /= 10) {
      fraction += digits(text, at++, 1, "") * scale;
    }
    if (at === from) return undefined;
  }
  const offset = zone(text, at);
  if (offset === undefined) return undefined;
  return (
    ((daysSince1970(year, month, day) * 24 + hour) * 60 + minute - offset) * 60 + second + fraction
  );
}

/** Whole seconds since 1970, from year 1 to 9999, as `2013-05-02T10:40:15Z`. */
export function formatDateTime(seconds: number): string {
  const whole = Math.floor(seconds);
  const days = Math.floor(whole / SECONDS_OF_DAY);
  const second = whole - days * SECONDS_OF_DAY;
  let year = 1970 + Math.ceil(days / 365);
  while (daysSince1970(year, 1, 1) > days) year--;
  let month = 12;
  while (daysSince1970(year, month, 1) > days) month--;
  const day = 1 + days - daysSince1970(year, month, 1);
  const minute = Math.floor(second / 60);
  const date = `${padded(year, 4)}-${padded(month, 2)}-${padded(day, 2)}`;
  const hours = padded(Math.floor(minute / 60), 2);
  return `${date}T${hours}:${padded(minute % 60, 2)}:${padded(second % 60, 2)}Z`;
}

function padded(value: number, length: number): string {
  let text = `${value}`;
  while (text.length < length) text = `0${text}`;
  return text;
}

/** `count` digits at `at` as a number, with `separator` behind them; -1 when it is not so. */
function digits(text: string, at: number, count: number, separator: string): number {
  let number = 0;
  for (let i = at; i < at + count; i++) {
    const digit = i < text.length ? text.charCodeAt(i) - 48 : -1;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  const next = text.substring(at + count, at + count + separator.length);
  return next.toUpperCase() === separator ? number : -1;
}

/** Minutes east of Greenwich of the zone that ends the text; undefined when none does. */
function zone(text: string, at: number): number | undefined {
  const sign = text.charAt(at);
  if (sign === "Z" || sign === "z") return text.length === at + 1 ? 0 : undefined;
  const hours = digits(text, at + 1, 2, ":");
  const minutes = digits(text, at + 4, 2, "");
  if ((sign !== "+" && sign !== "-") || text.length !== at + 6) return undefined;
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return undefined;
  return (sign === "-" ? -1 : 1) * (hours * 60 + minutes);
}

/** In years that begin with March a leap day comes last, and lengths of months repeat. */
function daysSince1970(year: number, month: number, day: number): number {
  const y = month < 3 ? year - 1 : year;
  const m = month < 3 ? month + 9 : month - 3;
  const century = Math.floor(y / 100);
  const leapDays = Math.floor(y / 4) - century + Math.floor(century / 4);
  return y * 365 + leapDays + Math.floor((m * 153 + 2) / 5) + day - 1 - DAYS_BEFORE_1970;
}
