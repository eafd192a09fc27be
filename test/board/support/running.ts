/** What tests do to a board that runs. */
import { createSocket } from "node:dgram";
import { readdir, readFile, readlink } from "node:fs/promises";
import { makeFolder } from "../../engine/support/espruino.ts";

/**
 * An ESP32's deep sleep for an interpreter that has none: it says for how long, and ends. Whoever runs it boots it again, at once: the clock,
 * which nothing else can set there, is then where it would be.
 */
export const SLEEPING_CHIP = `(function(){
var storage=require("Storage"),slept=storage.read("slept"),before=slept===undefined?0:parseFloat(slept);
var clock=getTime;global.getTime=function(){return clock()+before;};
global.ESP32={
deepSleep:function(us){storage.write("slept",""+(before+us/1000000));print("#sleep "+us);setTimeout(function(){quit();},1);},
getWakeupCause:function(){return slept===undefined?0:4;}
};
})();`;

/** The first port that a program chooses is taken; what it bases its choice on is always the same, for a while. */
export const BUSY_PORT = `var other=require("dgram").createSocket({type:"udp4"});other.bind(49152+1234);
(function(){
var left=8,random=E.hwRand,clock=getTime,time=clock();
global.getTime=function(){return left>0?time:clock();};
E.hwRand=function(){return left-->0?1234-Math.floor(time*1e6%4294967296):random();};
})();`;

/** The folder with the flash of a new board. */
export function makeBoard(code: string, settings: object): Promise<string> {
  return makeFolder({ ".bootcde": code, "dormouse.json": JSON.stringify(settings) });
}

/** The UDP ports that a program of this machine has open. */
export async function openPorts(pid: number): Promise<number[]> {
  const inodes = new Set<string>();
  for (const name of await readdir(`/proc/${pid}/fd`)) {
    const target = await readlink(`/proc/${pid}/fd/${name}`).catch(() => "");
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (inode !== undefined) inodes.add(inode);
  }
  const table = await readFile("/proc/net/udp", "utf8");
  const rows = table.split("\n").map((line) => line.trim().split(/\s+/));
  return rows
    .filter((row) => inodes.has(row[9] ?? ""))
    .map((row) => Number.parseInt(row[1].split(":")[1], 16));
}

/** Datagrams without bytes, a burst of nonsense, and again none. */
export async function disturb(port: number): Promise<void> {
  const stranger = createSocket("udp4");
  const send = (bytes: Uint8Array) =>
    new Promise<void>((resolve) => stranger.send(bytes, port, "127.0.0.1", () => resolve()));
  for (let i = 0; i < 3; i++) await send(new Uint8Array(0));
  for (let i = 0; i < 50; i++) await send(new Uint8Array([0x40 + i, i, 2, 3, 0xff]));
  await send(new Uint8Array(0));
  stranger.close();
}
