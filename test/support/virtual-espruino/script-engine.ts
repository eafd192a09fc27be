/** Engines that a virtual board can be: a realm of their own with nothing but the language. */
import { createContext, runInContext } from "node:vm";
import { getQuickJS } from "quickjs-emscripten";

/** One boot's realm. */
export interface Realm {
  /** Runs a script; what it throws is thrown. */
  run(code: string): void;
  /** Calls a function of the realm's `board` that takes and gives text. */
  call(method: string, text: string): string;
  dispose(): void;
}

export interface RealmMaker {
  readonly name: string;
  make(): Realm;
}

/** Node's own: the fastest. */
export const NODE_REALMS: RealmMaker = {
  name: "Node",
  make() {
    const context = createContext({});
    return {
      run: (code) => void runInContext(code, context),
      call: (method, text) =>
        runInContext(`board.${method}(${JSON.stringify(text)})`, context) as string,
      dispose: () => {},
    };
  },
};

/** QuickJS in WebAssembly, which knows nothing of Node. */
export async function quickjsRealms(): Promise<RealmMaker> {
  const module = await getQuickJS();
  return {
    name: "QuickJS",
    make() {
      const context = module.newContext();
      const evaluate = (code: string): unknown => {
        const result = context.evalCode(code);
        if (result.error !== undefined) {
          const thrown = context.dump(result.error) as { message?: string; stack?: string };
          result.error.dispose();
          throw new Error(`QuickJS: ${thrown.message ?? String(thrown)}\n${thrown.stack ?? ""}`);
        }
        const value = context.dump(result.value) as unknown;
        result.value.dispose();
        return value;
      };
      return {
        run: (code) => void evaluate(code),
        call: (method, text) => evaluate(`board.${method}(${JSON.stringify(text)})`) as string,
        dispose: () => context.dispose(),
      };
    },
  };
}

/** Realms whose every step is written down, as a script that another engine can go through. */
export class RecordedRealms implements RealmMaker {
  readonly name: string;
  /** What the board said to each call, in order. */
  readonly said: string[] = [];
  private script = "var emit = print;\n";
  private readonly realms: RealmMaker;

  constructor(realms: RealmMaker) {
    this.name = realms.name;
    this.realms = realms;
  }

  make(): Realm {
    const realm = this.realms.make();
    return {
      run: (code) => {
        this.script += `${code}\n`;
        realm.run(code);
      },
      call: (method, text) => {
        const said = realm.call(method, text);
        this.script += `emit(board.${method}(${JSON.stringify(text)}));\n`;
        this.said.push(said);
        return said;
      },
      dispose: () => realm.dispose(),
    };
  }

  /** Does all of it again, and prints what the board says to each call. */
  replay(): string {
    return this.script;
  }
}
