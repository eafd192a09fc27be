/**
 * `security.h`, the C header that mbed Device Connector gave to people for their devices.
 *
 * mbed client programs include it and hand its arrays to the client as they are: two macros, and three texts in PEM with CRLF.
 */

export interface DeviceCredentials {
  /** What the device registers with as `d=`. */
  readonly domain: string;
  readonly endpointName: string;
  /** In PEM, as the two below: whom the device trusts. */
  readonly serverCertificate: string;
  readonly deviceCertificate: string;
  /** PKCS #8. */
  readonly privateKey: string;
}

/** Writes the header. Neither name may need escaping in C: letters, digits and `.:_-` do not. */
export function securityHeader(credentials: DeviceCredentials): string {
  return `/*
 * Credentials of one device. The private key below is nowhere else: keep this file
 * out of version control, and give every device its own.
 */
#ifndef __SECURITY_H__
#define __SECURITY_H__

#include <inttypes.h>

#define MBED_DOMAIN "${credentials.domain}"
#define MBED_ENDPOINT_NAME "${credentials.endpointName}"

${textArray("SERVER_CERT", credentials.serverCertificate)}
${textArray("CERT", credentials.deviceCertificate)}
${textArray("KEY", credentials.privateKey)}
#endif //__SECURITY_H__
`;
}

function textArray(name: string, pem: string): string {
  const lines = pem
    .trimEnd()
    .split("\n")
    .map((line) => `"${line}\\r\\n"`);
  return `const uint8_t ${name}[] = ${lines.join("\n")};\n`;
}
