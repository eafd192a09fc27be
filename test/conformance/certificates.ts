/**
 * A certificate with many names, and its key: what an account with certificates holds, more than a datagram takes. They are real, since
 * servers look at what they are given, and made for this alone: nobody trusts them, and the key is no secret.
 */
import { decodeBase64 } from "../../protocol/bytes/base64.ts";

/** X.509, P-256, DER: 1246 bytes. */
export const CERTIFICATE: Uint8Array = bytesOf([
  "MIIE2jCCBICgAwIBAgIUVyGNZUTekRJk5FW9q37Tecp1hG0wCgYIKoZIzj0EAwIwHTEbMBkGA1UEAwwSY29uZm9ybWFu",
  "Y2UgY2xpZW50MCAXDTI2MTEyOTE1NDIwNloYDzIxMjYxMTA1MTU0MjA2WjAdMRswGQYDVQQDDBJjb25mb3JtYW5jZSBj",
  "bGllbnQwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARmOs4B/q7GVaeeluUNGtayh4UZGcQ1OT9a8nLiM1D5tz5eiZO3",
  "56r+PW5a60vIGi8xCIKWbLtw5Bv+hyKfkIY8o4IDmjCCA5YwHQYDVR0OBBYEFEf6f/A+p3yTgFFf+G34IS03CxswMB8G",
  "A1UdIwQYMBaAFEf6f/A+p3yTgFFf+G34IS03CxswMA8GA1UdEwEB/wQFMAMBAf8wggNBBgNVHREEggM4MIIDNIInbmFt",
  "ZS0wMS5vZi1hLWNsaWVudC5jb25mb3JtYW5jZS5leGFtcGxlgiduYW1lLTAyLm9mLWEtY2xpZW50LmNvbmZvcm1hbmNl",
  "LmV4YW1wbGWCJ25hbWUtMDMub2YtYS1jbGllbnQuY29uZm9ybWFuY2UuZXhhbXBsZYInbmFtZS0wNC5vZi1hLWNsaWVu",
  "dC5jb25mb3JtYW5jZS5leGFtcGxlgiduYW1lLTA1Lm9mLWEtY2xpZW50LmNvbmZvcm1hbmNlLmV4YW1wbGWCJ25hbWUt",
  "MDYub2YtYS1jbGllbnQuY29uZm9ybWFuY2UuZXhhbXBsZYInbmFtZS0wNy5vZi1hLWNsaWVudC5jb25mb3JtYW5jZS5l",
  "eGFtcGxlgiduYW1lLTA4Lm9mLWEtY2xpZW50LmNvbmZvcm1hbmNlLmV4YW1wbGWCJ25hbWUtMDkub2YtYS1jbGllbnQu",
  "Y29uZm9ybWFuY2UuZXhhbXBsZYInbmFtZS0xMC5vZi1hLWNsaWVudC5jb25mb3JtYW5jZS5leGFtcGxlgiduYW1lLTEx",
  "Lm9mLWEtY2xpZW50LmNvbmZvcm1hbmNlLmV4YW1wbGWCJ25hbWUtMTIub2YtYS1jbGllbnQuY29uZm9ybWFuY2UuZXhh",
  "bXBsZYInbmFtZS0xMy5vZi1hLWNsaWVudC5jb25mb3JtYW5jZS5leGFtcGxlgiduYW1lLTE0Lm9mLWEtY2xpZW50LmNv",
  "bmZvcm1hbmNlLmV4YW1wbGWCJ25hbWUtMTUub2YtYS1jbGllbnQuY29uZm9ybWFuY2UuZXhhbXBsZYInbmFtZS0xNi5v",
  "Zi1hLWNsaWVudC5jb25mb3JtYW5jZS5leGFtcGxlgiduYW1lLTE3Lm9mLWEtY2xpZW50LmNvbmZvcm1hbmNlLmV4YW1w",
  "bGWCJ25hbWUtMTgub2YtYS1jbGllbnQuY29uZm9ybWFuY2UuZXhhbXBsZYInbmFtZS0xOS5vZi1hLWNsaWVudC5jb25m",
  "b3JtYW5jZS5leGFtcGxlgiduYW1lLTIwLm9mLWEtY2xpZW50LmNvbmZvcm1hbmNlLmV4YW1wbGUwCgYIKoZIzj0EAwID",
  "SAAwRQIhAJMbOW3B3yiSPEC+WbGEn6Q/oEO66uUxc8QhoyCrDHd1AiA0jGKCbmY7G0SC5ZhTwDzk5e1MyoKjaubArjPH",
  "hPh86g==",
]);

/** Of the certificate, PKCS #8 (RFC 5958), DER. */
export const PRIVATE_KEY: Uint8Array = bytesOf([
  "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgIsYVsJsYDhi+PE7kQ7j0IuQoLW7fqVqv/HkmIovCtl2h",
  "RANCAARmOs4B/q7GVaeeluUNGtayh4UZGcQ1OT9a8nLiM1D5tz5eiZO356r+PW5a60vIGi8xCIKWbLtw5Bv+hyKfkIY8",
]);

function bytesOf(base64: readonly string[]): Uint8Array {
  const bytes = decodeBase64(base64.join(""));
  if (bytes === undefined) throw new Error("this is no base64");
  return bytes;
}
