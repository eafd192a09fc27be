/**
 * Captured datagrams as a pcap file, written by ourselves: no privilege is needed, and tshark reads it. All ran between ports
 * of 127.0.0.1.
 */
import { writeFile } from "node:fs/promises";

export interface CapturedDatagram {
  /** Calendar time, ms. */
  readonly at: number;
  readonly from: number;
  readonly to: number;
  readonly bytes: Uint8Array;
}

/** libpcap's link type for packets that begin with their IP header. */
const LINKTYPE_RAW = 101;
const MAGIC_MICROSECONDS = 0xa1b2c3d4;
const IPV4_HEADER = 20;
const UDP_HEADER = 8;
const UDP = 17;
const LOOPBACK_ADDRESS = 0x7f000001;

export async function writeCapture(
  file: string,
  datagrams: readonly CapturedDatagram[],
): Promise<void> {
  await writeFile(file, Buffer.concat([fileHeader(), ...datagrams.flatMap(packet)]));
}

function fileHeader(): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(MAGIC_MICROSECONDS, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65_535, 16);
  header.writeUInt32LE(LINKTYPE_RAW, 20);
  return header;
}

function packet(datagram: CapturedDatagram): Buffer[] {
  const udpLength = UDP_HEADER + datagram.bytes.length;
  const length = IPV4_HEADER + udpLength;
  const record = Buffer.alloc(16);
  record.writeUInt32LE(Math.floor(datagram.at / 1000), 0);
  record.writeUInt32LE((datagram.at % 1000) * 1000, 4);
  record.writeUInt32LE(length, 8);
  record.writeUInt32LE(length, 12);
  const headers = Buffer.alloc(IPV4_HEADER + UDP_HEADER);
  headers[0] = 0x45;
  headers.writeUInt16BE(length, 2);
  headers[8] = 64;
  headers[9] = UDP;
  headers.writeUInt32BE(LOOPBACK_ADDRESS, 12);
  headers.writeUInt32BE(LOOPBACK_ADDRESS, 16);
  headers.writeUInt16BE(checksum(headers.subarray(0, IPV4_HEADER)), 10);
  headers.writeUInt16BE(datagram.from, IPV4_HEADER);
  headers.writeUInt16BE(datagram.to, IPV4_HEADER + 2);
  // A UDP checksum of 0 says that there is none (RFC 768).
  headers.writeUInt16BE(udpLength, IPV4_HEADER + 4);
  return [record, headers, Buffer.from(datagram.bytes)];
}

function checksum(header: Buffer): number {
  let sum = 0;
  for (let at = 0; at < header.length; at += 2) sum += header.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
