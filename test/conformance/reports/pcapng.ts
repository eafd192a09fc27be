/**
 * An exchange as a capture that Wireshark opens: pcapng (draft-ietf-opsawg-pcapng), with an IPv4 and a UDP header around each datagram
 * that the harness saw. The addresses are made up: the client is 192.0.2.1, server n is 192.0.2.(10 + n), all on CoAP's port, so that the
 * dissector needs no help. Nothing else is: times are those of the exchange.
 */
import type { Packet } from "../ladder.ts";

const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
const ENHANCED_PACKET = 6;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
/** Packets that begin with an IP header. */
const LINKTYPE_RAW = 101;
const OPT_COMMENT = 1;
const COAP_PORT = 5683;
const CLIENT = [192, 0, 2, 1];
const FIRST_SERVER = 10;
const IP_HEADER = 20;
const UDP_HEADER = 8;

/**
 * The capture.
 *
 * @param startedAt calendar milliseconds at the packets' time 0
 * @param comment about the whole, shown in the file's properties
 */
export function pcapng(packets: readonly Packet[], startedAt: number, comment: string): Uint8Array {
  const blocks = [
    block(SECTION_HEADER, [
      u32(BYTE_ORDER_MAGIC),
      u16(1, 0),
      u64(0xffffffffffffffffn),
      option(comment),
    ]),
    block(INTERFACE_DESCRIPTION, [u16(LINKTYPE_RAW, 0), u32(0)]),
  ];
  for (const packet of packets) blocks.push(packetBlock(packet, startedAt));
  return new Uint8Array(Buffer.concat(blocks));
}

function packetBlock(packet: Packet, startedAt: number): Buffer {
  const bytes = ipPacket(packet);
  const micros = BigInt(Math.round((startedAt + packet.at) * 1000));
  return block(ENHANCED_PACKET, [
    u32(0),
    u32(Number(micros >> 32n)),
    u32(Number(micros & 0xffffffffn)),
    u32(bytes.length),
    u32(bytes.length),
    padded(bytes),
  ]);
}

/** UDP over IPv4, with a checksum in the IP header; UDP's is optional there (RFC 768). */
function ipPacket({ isFromClient, server, datagram }: Packet): Buffer {
  const serverAddress = [192, 0, 2, FIRST_SERVER + server];
  const length = IP_HEADER + UDP_HEADER + datagram.length;
  const packet = Buffer.alloc(length);
  packet.set([0x45, 0, length >> 8, length & 0xff, 0, 0, 0x40, 0, 64, 17, 0, 0]);
  packet.set(isFromClient ? CLIENT : serverAddress, 12);
  packet.set(isFromClient ? serverAddress : CLIENT, 16);
  packet.writeUInt16BE(checksum(packet.subarray(0, IP_HEADER)), 10);
  packet.writeUInt16BE(COAP_PORT, IP_HEADER);
  packet.writeUInt16BE(COAP_PORT, IP_HEADER + 2);
  packet.writeUInt16BE(UDP_HEADER + datagram.length, IP_HEADER + 4);
  packet.set(datagram, IP_HEADER + UDP_HEADER);
  return packet;
}

/** RFC 791 §3.1. */
function checksum(header: Buffer): number {
  let sum = 0;
  for (let i = 0; i < header.length; i += 2) sum += header.readUInt16BE(i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function block(type: number, parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  const length = u32(12 + body.length);
  return Buffer.concat([u32(type), length, body, length]);
}

function option(comment: string): Buffer {
  const text = Buffer.from(comment);
  return Buffer.concat([u16(OPT_COMMENT, text.length), padded(text), u32(0)]);
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}

function u16(one: number, other: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16LE(one, 0);
  bytes.writeUInt16LE(other, 2);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}

function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}
