/** What the firmware around this engine gives its programs: eight functions in C. */

/** Milliseconds since the chip started, which nothing sets. */
declare function nativeMillis(): number;
/** 32 bits of noise, 0 to 4294967295. */
declare function nativeRandom(): number;
/** Calls `ring` once after so many milliseconds, and forgets what was armed before; a negative number only forgets. */
declare function nativeAlarm(milliseconds: number, ring: () => void): void;
/** A UDP socket that is connected, or -1, on which what is sent is lost. What the peer sends goes to `receive`. */
declare function nativeOpen(
  host: string,
  port: number,
  receive: (bytes: Uint8Array) => void,
): number;
declare function nativeSend(socket: number, bytes: Uint8Array): void;
declare function nativeClose(socket: number): void;
/** Resets the chip after so many milliseconds. */
declare function nativeRestart(milliseconds: number): void;
declare function nativeLog(text: string): void;
