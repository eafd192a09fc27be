import { expect, test } from "vitest";
import { __extends } from "../../../../firmware/flash/board-tslib.ts";
import { flattenClasses } from "../../../../firmware/flash/flatten-classes.ts";

const CLASS = `
var Body = (function () {
  function Body2(limit) { this.limit = limit; }
  Body2.prototype.room = function () { return this.limit - Body2.RESERVE; };
  Object.defineProperty(Body2.prototype, "isFull", { get: function () { return this.limit === 0; } });
  Body2.RESERVE = 2;
  return Body2;
})();`;

test("a class loses the function around it and works as before", () => {
  const flat = flattenClasses(`var before = 1;${CLASS}\nvar after = 2;`);
  expect(flat).not.toContain("return Body2;");
  const run = new Function(
    `${flat}; var it = new Body(5); return [before, it.room(), it.isFull, after];`,
  );
  expect(run()).toEqual([1, 3, false, 2]);
});

const DERIVED = `
var Jar = (function (_super) {
  __extends(Jar2, _super);
  function Jar2(limit) {
    var _this = _super.call(this, limit) || this;
    _this.lid = true;
    return _this;
  }
  Jar2.prototype.room = function () { return this.lid ? 0 : _super.prototype.room.call(this); };
  Object.defineProperty(Jar2.prototype, "isOpen", { get: function () { return !this.lid; } });
  Jar2.LIDS = 1;
  return Jar2;
})(Body);`;

test("a class with a base loses it too, and overrides, calls its base and inherits as before", () => {
  const flat = flattenClasses(`${CLASS}${DERIVED}`);
  expect(flat).not.toMatch(/_super|Jar2/);
  const run = new Function(
    "__extends",
    `${flat}; var it = new Jar(5), closed = it.room(); it.lid = false;
    return [closed, it.room(), it.isFull, it.isOpen, it instanceof Body, it.constructor === Jar, Jar.RESERVE, Jar.LIDS];`,
  );
  expect(run(__extends)).toEqual([0, 3, false, true, true, true, 2, 1]);
});

test("a class whose base is no name stays, since it would be made more than once", () => {
  const code =
    "var B = (function (_super) { __extends(B2, _super); function B2() {} return B2; })(make());";
  expect(flattenClasses(code)).toBe(code);
});

test("a function that does more than define a class stays", () => {
  const code = "var B = (function () { var count = 0; function B2() { count++; } return B2; })();";
  expect(flattenClasses(code)).toBe(code);
});
