/**
 * What humans call objects and resources, and in which units their values are (OMA registry).
 * Boards never see this.
 */
import * as ipso from "../protocol/model/objects/ipso.ts";
import type { Path } from "../protocol/model/path.ts";
import { IPSO_OBJECTS, IPSO_RESOURCES } from "./ipso-names.ts";

export interface ObjectNames {
  readonly name: string;
  readonly resources: ReadonlyMap<number, ResourceNames>;
}

export interface ResourceNames {
  readonly name: string;
  /** As SenML writes them, for example "Cel"; "" when there is none. */
  readonly units: string;
}

/** Id, name and [units]; resources of any version are indented below their object. */
const TABLE = `
0 LwM2M Security
  0 LWM2M  Server URI
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
  18 Groups To Use by Client
  19 Signature Algorithms Supported by Server
  20 Signature Algorithms To Use by Client
  21 Signature Algorithm Certs Supported by Server
  22 TLS 1.3 Features To Use by Client
  23 TLS Extensions Supported by Server
  24 TLS Extensions To Use by Client
  25 Secondary LwM2M Server URI
  26 MQTT Server
  27 LwM2M COSE Security
  28 RDS Destination Port
  29 RDS Source Port
  30 RDS Application ID
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
  19 Communication Sequence Delay Timer [s]
  20 Communication Sequence Retry Count
  21 Trigger
  22 Preferred Transport
  23 Mute Send
  24 Alternate APN Links
  25 Supported Server Versions
  26 Default Notification Mode
  27 Profile ID Hash Algorithm
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
  2 Radio Signal Strength [dBm]
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
  13 Coverage Enhancement Level
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
  10 Cancel
  11 Severity
  12 Last State Change Time
  13 Maximum Defer Period [s]
  14 Automatic Upgrade at Download
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
8 Lock and Wipe
  0 State
  1 Lock target
  2 Wipe item
  3 Wipe
  4 Wipe target
  5 Lock or Wipe Operation Result
9 LwM2M Software Management
  0 PkgName
  1 PkgVersion
  2 Package
  3 Package URI
  4 Install
  5 Checkpoint
  6 Uninstall
  7 Update State
  8 Update Supported Objects
  9 Update Result
  10 Activate
  11 Deactivate
  12 Activation State
  13 Package Settings
  14 User Name
  15 Password
  16 Status Reason
  17 Software Component Link
  18 Software Component tree length
16 Portfolio
  0 Identity
  1 GetAuthData
  2 AuthData
  3 AuthStatus
19 BinaryAppDataContainer
  0 Data
  1 Data Priority
  2 Data Creation Time
  3 Data Description
  4 Data Format
  5 App ID
20 Event Log
  4010 LogClass
  4011 LogStart
  4012 LogStop
  4013 LogStatus
  4014 LogData
  4015 LogDataFormat
  4016 LogDataIncremental
  4017 LogDataIncrementalMinimumSendInterval
21 LwM2M OSCORE
  0 OSCORE Master Secret
  1 OSCORE Sender ID
  2 OSCORE Recipient ID
  3 OSCORE AEAD Algorithm
  4 OSCORE HMAC Algorithm
  5 OSCORE Master Salt
  6 OSCORE ID Context
23 LwM2M COSE
  0 KID
  1 AEAD Algorithm
  2 Key
24 MQTT Server
  0 Will Retain
  1 Will Topic
  2 Will Message
  3 Clean Session
  4 Will QoS
  5 Keep Alive
  6 Client Identifier
  7 User Name
  8 Password
25 LwM2M Gateway
  0 Device ID
  1 Prefix
  2 Routing Table Entry
  3 IoT Device Objects
26 LwM2M Gateway Routing
  0 LwM2M Object ID
  1 Mapping Info
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
export const OBJECT_NAMES: ReadonlyMap<number, ObjectNames> = new Map([
  ...readTable(TABLE),
  ...ipsoNames(),
]);

/** IPSO's objects have resources in common, which are called the same everywhere. */
function ipsoNames(): Map<number, ObjectNames> {
  const objects = readTable(IPSO_OBJECTS);
  const shared = readTable(IPSO_RESOURCES);
  const named = new Map<number, ObjectNames>();
  for (const { id, resources } of Object.values(ipso)) {
    const own = new Map<number, ResourceNames>();
    for (let i = 0; i < resources.length; i += 2) {
      const { name = "", units = "" } = shared.get(resources[i]) ?? {};
      own.set(resources[i], { name, units });
    }
    named.set(id, { name: objects.get(id)?.name ?? "", resources: own });
  }
  return named;
}

function readTable(table: string): Map<number, ObjectNames & ResourceNames> {
  const objects = new Map<number, ObjectNames & ResourceNames>();
  let resources = new Map<number, ResourceNames>();
  for (const line of table.split("\n")) {
    const [, indent, id, name, units = ""] = /^( *)(\d+) (.*?)(?: \[(.*)\])?$/.exec(line) ?? [];
    if (name === undefined) continue;
    if (indent === "") {
      resources = new Map();
      objects.set(Number(id), { name, units, resources });
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
