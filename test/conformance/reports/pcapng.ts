/**
 * An exchange as a capture that Wireshark opens: pcapng (draft-ietf-opsawg-pcapng), with an IPv4 and a UDP header around each datagram
 * that the harness saw, and a TCP header around each piece of a stream. The addresses are made up: the client is 192.0.2.1, server n is
 * 192.0.2.(10 + n), all on CoAP's port, so that the dissector needs no help. Nothing else is: times are those of the exchange.
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
const UDP = 17;
const TCP_HEADER = 20;
const TCP = 6;
const PSH_ACK = 0x18;

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
  const streams = new Map<string, number>();
  for (const packet of packets) blocks.push(packetBlock(packet, startedAt, streams));
  return new Uint8Array(Buffer.concat(blocks));
}

/** @param streams how many bytes each side of each server's stream has sent so far */
function packetBlock(packet: Packet, startedAt: number, streams: Map<string, number>): Buffer {
  const bytes = packet.isPiece
    ? ipPacket(packet, TCP, tcpSegment(packet, streams))
    : ipPacket(packet, UDP, udpDatagram(packet));
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

/** IPv4, with a checksum in its header. */
function ipPacket({ isFromClient, server }: Packet, protocol: number, content: Buffer): Buffer {
  const serverAddress = [192, 0, 2, FIRST_SERVER + server];
  const length = IP_HEADER + content.length;
  const packet = Buffer.alloc(length);
  packet.set([0x45, 0, length >> 8, length & 0xff, 0, 0, 0x40, 0, 64, protocol, 0, 0]);
  packet.set(isFromClient ? CLIENT : serverAddress, 12);
  packet.set(isFromClient ? serverAddress : CLIENT, 16);
  packet.writeUInt16BE(checksum(packet.subarray(0, IP_HEADER)), 10);
  packet.set(content, IP_HEADER);
  return packet;
}

/** Without a checksum, which is optional over IPv4 (RFC 768). */
function udpDatagram({ datagram }: Packet): Buffer {
  const header = Buffer.alloc(UDP_HEADER);
  header.writeUInt16BE(COAP_PORT, 0);
  header.writeUInt16BE(COAP_PORT, 2);
  header.writeUInt16BE(UDP_HEADER + datagram.length, 4);
  return Buffer.concat([header, datagram]);
}

/** In the middle of a connection, without a checksum, which dissectors do not ask for. */
function tcpSegment(packet: Packet, streams: Map<string, number>): Buffer {
  const { server, isFromClient, datagram } = packet;
  const sent = streams.get(`${server} ${isFromClient}`) ?? 0;
  streams.set(`${server} ${isFromClient}`, sent + datagram.length);
  const header = Buffer.alloc(TCP_HEADER);
  header.writeUInt16BE(COAP_PORT, 0);
  header.writeUInt16BE(COAP_PORT, 2);
  header.writeUInt32BE(sent, 4);
  header.writeUInt32BE(streams.get(`${server} ${!isFromClient}`) ?? 0, 8);
  header[12] = (TCP_HEADER / 4) << 4;
  header[13] = PSH_ACK;
  header.writeUInt16BE(0xffff, 14);
  return Buffer.concat([header, datagram]);
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
