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
const TCP_HEADER = 20;
const TCP = 6;
const SYN = 2;
const PSH = 8;
const ACK = 16;
const LOOPBACK_ADDRESS = 0x7f000001;

/** A packet of one of them, IP header included. */
interface Packet {
  readonly at: number;
  readonly protocol: number;
  readonly content: Buffer;
}

export function writeCapture(file: string, datagrams: readonly CapturedDatagram[]): Promise<void> {
  return writePackets(file, datagrams.map(udpPacket));
}

/** Pieces of streams of CoAP, as they were sent; each pair of ports is one connection. Writes one message a packet: tshark reads no more. */
export function writeStreamCapture(
  file: string,
  pieces: readonly CapturedDatagram[],
): Promise<void> {
  return writePackets(file, tcpPackets(messagesIn(pieces)));
}

async function writePackets(file: string, packets: readonly Packet[]): Promise<void> {
  await writeFile(file, Buffer.concat([fileHeader(), ...packets.map(record)]));
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

function record({ at, protocol, content }: Packet): Buffer {
  const length = IPV4_HEADER + content.length;
  const record = Buffer.alloc(16);
  record.writeUInt32LE(Math.floor(at / 1000), 0);
  record.writeUInt32LE((at % 1000) * 1000, 4);
  record.writeUInt32LE(length, 8);
  record.writeUInt32LE(length, 12);
  const header = Buffer.alloc(IPV4_HEADER);
  header[0] = 0x45;
  header.writeUInt16BE(length, 2);
  header[8] = 64;
  header[9] = protocol;
  header.writeUInt32BE(LOOPBACK_ADDRESS, 12);
  header.writeUInt32BE(LOOPBACK_ADDRESS, 16);
  header.writeUInt16BE(checksum(header), 10);
  return Buffer.concat([record, header, content]);
}

function udpPacket({ at, from, to, bytes }: CapturedDatagram): Packet {
  const header = Buffer.alloc(UDP_HEADER);
  header.writeUInt16BE(from, 0);
  header.writeUInt16BE(to, 2);
  // A UDP checksum of 0 says that there is none (RFC 768).
  header.writeUInt16BE(UDP_HEADER + bytes.length, 4);
  return { at, protocol: UDP, content: Buffer.concat([header, bytes]) };
}

/** The handshakes are made up. */
function tcpPackets(pieces: readonly CapturedDatagram[]): Packet[] {
  const packets: Packet[] = [];
  /** What each direction has sent, by `from>to`; a SYN counts for one byte (RFC 9293 §3.4). */
  const sent = new Map<string, number>();
  const send = (at: number, from: number, to: number, flags: number, bytes: Uint8Array) => {
    const [there, back] = [`${from}>${to}`, `${to}>${from}`];
    const header = Buffer.alloc(TCP_HEADER);
    header.writeUInt16BE(from, 0);
    header.writeUInt16BE(to, 2);
    header.writeUInt32BE(sent.get(there) ?? 0, 4);
    header.writeUInt32BE(sent.get(back) ?? 0, 8);
    header[12] = (TCP_HEADER / 4) << 4;
    header[13] = flags;
    header.writeUInt16BE(65_535, 14);
    packets.push({ at, protocol: TCP, content: Buffer.concat([header, bytes]) });
    sent.set(there, (sent.get(there) ?? 0) + bytes.length + (flags & SYN ? 1 : 0));
  };
  const nothing = new Uint8Array(0);
  for (const { at, from, to, bytes } of pieces) {
    if (!sent.has(`${from}>${to}`)) {
      send(at, from, to, SYN, nothing);
      send(at, to, from, SYN | ACK, nothing);
      send(at, from, to, ACK, nothing);
    }
    send(at, from, to, PSH | ACK, bytes);
  }
  return packets;
}

/** Each message, at the time of its last byte. */
export function messagesIn(pieces: readonly CapturedDatagram[]): CapturedDatagram[] {
  const messages: CapturedDatagram[] = [];
  const rests = new Map<string, Buffer>();
  for (const { at, from, to, bytes } of pieces) {
    const direction = `${from}>${to}`;
    let rest = Buffer.concat([rests.get(direction) ?? Buffer.alloc(0), bytes]);
    for (let length = messageLength(rest); length <= rest.length; length = messageLength(rest)) {
      messages.push({ at, from, to, bytes: rest.subarray(0, length) });
      rest = rest.subarray(length);
    }
    rests.set(direction, rest);
  }
  return messages;
}

/** Of the message that begins here, by its header (RFC 8323 §3.2); Infinity while too little of it is there. */
function messageLength(bytes: Buffer): number {
  if (bytes.length === 0) return Number.POSITIVE_INFINITY;
  const nibble = bytes[0] >> 4;
  const more = nibble < 13 ? 0 : 1 << (nibble - 13);
  if (bytes.length < 1 + more) return Number.POSITIVE_INFINITY;
  const beyond = more === 0 ? nibble : bytes.readUIntBE(1, more) + [13, 269, 65_805][nibble - 13];
  return 2 + more + (bytes[0] & 15) + beyond;
}

function checksum(header: Buffer): number {
  let sum = 0;
  for (let at = 0; at < header.length; at += 2) sum += header.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
