/** Where the suites' own files and their cache of installed peers are. */
import { fileURLToPath } from "node:url";

const LESHAN_VERSION = "2.0.0-M18";
const CACHE = fileURLToPath(new URL("../../../node_modules/.cache/interop", import.meta.url));

export const INTEROP = fileURLToPath(new URL("..", import.meta.url));
export const LESHAN_SOURCES = `${INTEROP}leshan`;
export const LESHAN_JARS = `${CACHE}/leshan-${LESHAN_VERSION}`;
/** Of its bootstrap server, which is of another version. */
export const LESHAN_BOOTSTRAP_SOURCES = `${INTEROP}leshan-bootstrap`;
export const LESHAN_BOOTSTRAP_JARS = `${CACHE}/leshan-1.5.0`;
export const LESHAN_BOOTSTRAP_CLASSES = `${CACHE}/leshan-bootstrap-classes`;
export const LESHAN_CLASSES = `${CACHE}/leshan-classes`;
export const LWM2M_NODE_LIB = `${CACHE}/lwm2m-node-lib-1.4.0`;
export const LWM2M_NODE_LIB_SERVER = `${INTEROP}lwm2m-node-lib/server.cjs`;
