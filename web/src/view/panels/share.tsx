import { useSignal } from "@preact/signals";
import type { Actions } from "../../actions.ts";
import { recording } from "../../state/view.ts";
import { Tip } from "./buttons.tsx";
import { Clip, Link, Picture, Share } from "./icons.tsx";
import { Popover } from "./popover.tsx";
import { useSecond } from "./second.ts";

/** What can be taken away: the address of this view, a picture, a clip. */
export function ShareMenu({ actions }: { actions: Actions }) {
  return (
    <Popover
      id="share"
      class={recording.value ? "icon recording" : "icon"}
      at="top-right"
      label="Share"
      buttonLabel="Share"
      button={
        <>
          <Share />
          <Tip label="Share" />
        </>
      }
    >
      {(close) => <ShareItems actions={actions} close={close} />}
    </Popover>
  );
}

export function ShareItems({ actions, close }: { actions: Actions; close: () => void }) {
  const done = (act: () => Promise<void>) => () => {
    close();
    void act();
  };
  return (
    <>
      <button type="button" class="item" onClick={done(() => actions.copyLink())}>
        <Link />
        <span>Copy link</span>
        <kbd>L</kbd>
      </button>
      <button type="button" class="item" onClick={done(() => actions.savePicture())}>
        <Picture />
        <span>Save picture</span>
        <kbd>P</kbd>
      </button>
      <button type="button" class="item" onClick={done(() => actions.toggleClip())}>
        <Clip />
        <span>{recording.value ? "Stop recording" : "Record a clip"}</span>
        <kbd>R</kbd>
      </button>
    </>
  );
}

/** To be seen for as long as a clip is recorded. */
export function Recording({ actions }: { actions: Actions }) {
  if (!recording.value) return null;
  return (
    <div class="clip" role="status">
      <i aria-hidden="true" />
      Recording <Running />
      <button type="button" onClick={() => void actions.toggleClip()}>
        Stop
      </button>
    </div>
  );
}

function Running() {
  const began = useSignal(performance.now());
  const seconds = useSignal(0);
  useSecond(() => {
    seconds.value = Math.floor((performance.now() - began.value) / 1000);
  }, []);
  const shown = `${Math.floor(seconds.value / 60)}:${String(seconds.value % 60).padStart(2, "0")}`;
  return <span aria-hidden="true">{shown}</span>;
}
