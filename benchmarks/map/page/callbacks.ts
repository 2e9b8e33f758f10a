/**
 * Main-thread time within what the browser calls back: animation frames and messages of workers. To be imported before all that
 * asks for them.
 */

let spent = 0;
let depth = 0;

/** ms so far. */
export const inCallbacks = (): number => spent;

function timed<Given extends unknown[], Result>(call: (...given: Given) => Result): (...given: Given) => Result {
  return function (this: unknown, ...given) {
    const start = performance.now();
    depth++;
    try {
      return call.apply(this, given);
    } finally {
      depth--;
      if (depth === 0) spent += performance.now() - start;
    }
  };
}

const ask = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = (callback) => ask(timed(callback));

for (const kind of [Worker, MessagePort]) {
  const add = kind.prototype.addEventListener;
  kind.prototype.addEventListener = function (this: EventTarget, type: string, listener: unknown, options?: unknown) {
    const heard = type === "message" && typeof listener === "function" ? timed(listener as () => void) : listener;
    return add.call(this, type, heard as EventListener, options as AddEventListenerOptions);
  } as typeof add;
  const { set, ...rest } = Object.getOwnPropertyDescriptor(kind.prototype, "onmessage")!;
  Object.defineProperty(kind.prototype, "onmessage", {
    ...rest,
    set(this: unknown, listener: ((event: MessageEvent) => void) | null) {
      set!.call(this, listener && timed(listener));
    },
  });
}
