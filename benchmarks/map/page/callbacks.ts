/**
 * Main-thread time within what the browser calls back: animation frames and messages of workers. To be imported before all that
 * asks for them.
 */

const spent = { frames: 0, messages: 0 };

/** ms so far. */
export const inCallbacks = (): number => spent.frames + spent.messages;
/** ms so far, of messages alone. */
export const inMessages = (): number => spent.messages;

function timed<Given>(kind: keyof typeof spent, call: (given: Given) => void): (given: Given) => void {
  return function (this: unknown, given) {
    const start = performance.now();
    try {
      call.call(this, given);
    } finally {
      spent[kind] += performance.now() - start;
    }
  };
}

const ask = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = (callback) => ask(timed("frames", callback));

for (const kind of [Worker, MessagePort]) {
  const add = kind.prototype.addEventListener;
  kind.prototype.addEventListener = function (this: EventTarget, type: string, listener: unknown, options?: unknown) {
    const heard = type === "message" && typeof listener === "function" ? timed("messages", listener as (event: MessageEvent) => void) : listener;
    return add.call(this, type, heard as EventListener, options as AddEventListenerOptions);
  } as typeof add;
  const { set, ...rest } = Object.getOwnPropertyDescriptor(kind.prototype, "onmessage")!;
  Object.defineProperty(kind.prototype, "onmessage", {
    ...rest,
    set(this: unknown, listener: ((event: MessageEvent) => void) | null) {
      set!.call(this, listener && timed("messages", listener));
    },
  });
}
