/**
 * What humans call objects and resources, and in which units their values are (OMA registry).
 * Boards never see this.
 */
import type { Path } from "../protocol/model/path.ts";

export interface ObjectNames {
  readonly name: string;
  readonly resources: ReadonlyMap<number, ResourceNames>;
}

export interface ResourceNames {
  readonly name: string;
  /** As SenML writes them, for example "Cel"; "" when there is none. */
  readonly units: string;
}

/** Id, name and [units]; resources are indented below their object. */
const TABLE = `
0 LwM2M Security
  0 LwM2M Server URI
  1 Bootstrap-Server
  2 Security Mode
  3 Public Key or Identity
  4 Server Public Key
  5 Secret Key
  6 SMS Security Mode
  7 SMS Binding Key Parameters
  8 SMS Binding Secret Key(s)
  9 LwM2M Server SMS Number
  10 Short Server ID
  11 Client Hold Off Time [s]
  12 Bootstrap-Server Account Timeout [s]
  13 Matching Type
  14 SNI
  15 Certificate Usage
  16 DTLS/TLS Ciphersuite
  17 OSCORE Security Mode
1 LwM2M Server
  0 Short Server ID
  1 Lifetime [s]
  2 Default Minimum Period [s]
  3 Default Maximum Period [s]
  4 Disable
  5 Disable Timeout [s]
  6 Notification Storing When Disabled or Offline
  7 Binding
  8 Registration Update Trigger
  9 Bootstrap-Request Trigger
  10 APN Link
  11 TLS-DTLS Alert Code
  12 Last Bootstrapped
  13 Registration Priority Order
  14 Initial Registration Delay Timer [s]
  15 Registration Failure Block
  16 Bootstrap on Registration Failure
  17 Communication Retry Count
  18 Communication Retry Timer [s]
  19 Communication Sequence Delay Timer
  20 Communication Sequence Retry Count
  21 Trigger
  22 Preferred Transport
  23 Mute Send
2 LwM2M Access Control
  0 Object ID
  1 Object Instance ID
  2 ACL
  3 Access Control Owner
3 Device
  0 Manufacturer
  1 Model Number
  2 Serial Number
  3 Firmware Version
  4 Reboot
  5 Factory Reset
  6 Available Power Sources
  7 Power Source Voltage
  8 Power Source Current
  9 Battery Level [%]
  10 Memory Free
  11 Error Code
  12 Reset Error Code
  13 Current Time
  14 UTC Offset
  15 Timezone
  16 Supported Binding and Modes
  17 Device Type
  18 Hardware Version
  19 Software Version
  20 Battery Status
  21 Memory Total
  22 ExtDevInfo
4 Connectivity Monitoring
  0 Network Bearer
  1 Available Network Bearer
  2 Radio Signal Strength
  3 Link Quality
  4 IP Addresses
  5 Router IP Addresses
  6 Link Utilization [%]
  7 APN
  8 Cell ID
  9 SMNC
  10 SMCC
  11 SignalSNR [dB]
  12 LAC
5 Firmware Update
  0 Package
  1 Package URI
  2 Update
  3 State
  5 Update Result
  6 PkgName
  7 PkgVersion
  8 Firmware Update Protocol Support
  9 Firmware Update Delivery Method
6 Location
  0 Latitude [lat]
  1 Longitude [lon]
  2 Altitude [m]
  3 Radius [m]
  4 Velocity
  5 Timestamp
  6 Speed [m/s]
7 Connectivity Statistics
  0 SMS Tx Counter
  1 SMS Rx Counter
  2 Tx Data
  3 Rx Data
  4 Max Message Size [B]
  5 Average Message Size [B]
  6 Start
  7 Stop
  8 Collection Period [s]
3303 Temperature
  5518 Timestamp
  5601 Min Measured Value
  5602 Max Measured Value
  5603 Min Range Value
  5604 Max Range Value
  5605 Reset Min and Max Measured Values
  5700 Sensor Value
  5701 Sensor Units
  5750 Application Type
  6042 Measurement Quality Indicator
  6049 Measurement Quality Level
  6050 Fractional Timestamp [s]
3304 Humidity
  5518 Timestamp
  5601 Min Measured Value
  5602 Max Measured Value
  5603 Min Range Value
  5604 Max Range Value
  5605 Reset Min and Max Measured Values
  5700 Sensor Value
  5701 Sensor Units
  5750 Application Type
  6042 Measurement Quality Indicator
  6049 Measurement Quality Level
  6050 Fractional Timestamp [s]
3306 Actuation
  5518 Timestamp
  5750 Application Type
  5850 On/Off
  5851 Dimmer [/100]
  5852 On time [s]
  5853 Multi-state Output
  6050 Fractional Timestamp [s]
3311 Light Control
  5701 Sensor Units
  5706 Colour
  5750 Application Type
  5805 Cumulative active power [Wh]
  5820 Power factor
  5850 On/Off
  5851 Dimmer [/100]
  5852 On time [s]
3320 Percentage
  5518 Timestamp
  5601 Min Measured Value
  5602 Max Measured Value
  5603 Min Range Value
  5604 Max Range Value
  5605 Reset Min and Max Measured Values
  5700 Sensor Value
  5701 Sensor Units
  5750 Application Type
  5821 Current Calibration
  6042 Measurement Quality Indicator
  6049 Measurement Quality Level
  6050 Fractional Timestamp [s]
3347 Push button
  5500 Digital Input State
  5501 Digital Input Counter
  5518 Timestamp
  5750 Application Type
  6050 Fractional Timestamp [s]
3441 LwM2M v1.0 Test Object
  0 Reset values
  1 Randomize values
  2 Clear values
  3 Exec With Arguments
  4 Arguments List
  110 String Value
  120 Integer Value
  130 Float Value
  140 Boolean Value
  150 Opaque Value
  160 Time Value
  170 ObjLink Value
  1110 Multiple String Value
  1120 Multiple Integer Value
  1130 Multiple Float Value
  1140 Multiple Boolean Value
  1150 Multiple Opaque Value
  1160 Multiple Time Value
  1170 Multiple ObjLink Value
3442 LwM2M v1.1 Test Object
  0 Reset values
  1 Randomize values
  2 Clear values
  3 Exec With Arguments
  4 Arguments List
  5 Send Data
  6 Resources to Send
  110 String Value
  120 Integer Value
  125 Unsigned Integer Value
  130 Float Value
  140 Boolean Value
  150 Opaque Value
  160 Time Value
  170 ObjLink Value
  180 CoreLnk Value
  1110 Multiple String Value
  1120 Multiple Integer Value
  1125 Multiple Unsigned Integer Value
  1130 Multiple Float Value
  1140 Multiple Boolean Value
  1150 Multiple Opaque Value
  1160 Multiple Time Value
  1170 Multiple ObjLink Value
  1180 Multiple CoreLnk Value
`;

/** Names of the objects that ship with a definition; `loadDdf` gives more. */
export const OBJECT_NAMES: ReadonlyMap<number, ObjectNames> = readTable(TABLE);

function readTable(table: string): Map<number, ObjectNames> {
  const objects = new Map<number, ObjectNames>();
  let resources = new Map<number, ResourceNames>();
  for (const line of table.split("\n")) {
    const [, indent, id, name, units = ""] = /^( *)(\d+) (.*?)(?: \[(.*)\])?$/.exec(line) ?? [];
    if (name === undefined) continue;
    if (indent === "") {
      resources = new Map();
      objects.set(Number(id), { name, resources });
    } else {
      resources.set(Number(id), { name, units });
    }
  }
  return objects;
}

/**
 * A path for humans: "Temperature 0, Sensor Value", "Device 0, Power Source Voltage 1". What has no
 * name keeps its id.
 */
export function describePath(
  path: Path,
  names: ReadonlyMap<number, ObjectNames> = OBJECT_NAMES,
): string {
  if (path.length === 0) return "Device tree";
  const [objectId, objectInstanceId, resourceId, resourceInstanceId] = path;
  const object = names.get(objectId);
  let text = object?.name ?? `Object ${objectId}`;
  if (objectInstanceId !== undefined) text += ` ${objectInstanceId}`;
  if (resourceId !== undefined) {
    text += `, ${object?.resources.get(resourceId)?.name ?? `resource ${resourceId}`}`;
  }
  return resourceInstanceId === undefined ? text : `${text} ${resourceInstanceId}`;
}
