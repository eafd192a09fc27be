import { getQuickJS } from "quickjs-emscripten";
import type { Engine } from "./engine.ts";

/** QuickJS in WebAssembly: always there, knows neither Node's modules nor its globals. */
export const quickjs: Engine = {
  name: "QuickJS",
  async run(code) {
    const context = (await getQuickJS()).newContext();
    const lines: string[] = [];
    try {
      const print = context.newFunction("print", (...values) => {
        lines.push(values.map((value) => String(context.dump(value))).join(" "));
      });
      context.setProp(context.global, "print", print);
      print.dispose();
      const result = context.evalCode(code);
      if (result.error !== undefined) {
        const thrown = context.dump(result.error) as { message?: string; stack?: string };
        result.error.dispose();
        throw new Error(`QuickJS: ${thrown.message ?? String(thrown)}\n${thrown.stack ?? ""}`);
      }
      result.value.dispose();
    } finally {
      context.dispose();
    }
    return lines;
  },
};
