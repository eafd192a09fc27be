/**
 * Resource ids of the test objects 3441 and 3442 (OMA registry).
 */

export const TEST_RESET_VALUES = 0;
export const TEST_RANDOMIZE_VALUES = 1;
export const TEST_CLEAR_VALUES = 2;
export const TEST_EXECUTE_WITH_ARGUMENTS = 3;
export const TEST_ARGUMENTS_LIST = 4;
export const TEST_SEND_DATA = 5;
export const TEST_RESOURCES_TO_SEND = 6;
export const TEST_STRING = 110;
export const TEST_INTEGER = 120;
export const TEST_UNSIGNED = 125;
export const TEST_FLOAT = 130;
export const TEST_BOOLEAN = 140;
export const TEST_OPAQUE = 150;
export const TEST_TIME = 160;
export const TEST_OBJLNK = 170;
export const TEST_CORELNK = 180;
export const TEST_MULTIPLE_STRING = 1110;
export const TEST_MULTIPLE_INTEGER = 1120;
export const TEST_MULTIPLE_UNSIGNED = 1125;
export const TEST_MULTIPLE_FLOAT = 1130;
export const TEST_MULTIPLE_BOOLEAN = 1140;
export const TEST_MULTIPLE_OPAQUE = 1150;
export const TEST_MULTIPLE_TIME = 1160;
export const TEST_MULTIPLE_OBJLNK = 1170;
export const TEST_MULTIPLE_CORELNK = 1180;
