import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { bytesOf, persist } from "./persist.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("tries again after no answer and after a failed request", async () => {
  const attempt = vi
    .fn<() => Promise<string | null>>()
    .mockRejectedValueOnce(new TypeError("no network"))
    .mockResolvedValueOnce(null)
    .mockResolvedValueOnce("here");
  const answer = persist(attempt);
  await vi.runAllTimersAsync();
  expect(await answer).toBe("here");
  expect(attempt).toHaveBeenCalledTimes(3);
});

it("has a file once the server does, and says what it was told before", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const fetched = vi
    .fn()
    .mockResolvedValueOnce(new Response("", { status: 503 }))
    .mockResolvedValueOnce(new Response(Uint8Array.of(1, 2)));
  vi.stubGlobal("fetch", fetched);
  const bytes = bytesOf(new URL("http://map/base/land.bin"));
  await vi.runAllTimersAsync();
  expect([...(await bytes)]).toEqual([1, 2]);
  expect(warn.mock.calls).toEqual([["/base/land.bin can't be loaded: 503"]]);
});
