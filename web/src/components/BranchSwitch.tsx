/** Goes through the versions of a message, and with it through the branches that follow from each. */

import { useId } from "react";

import { type BranchPlace } from "../log/thread";
import { strings } from "../strings";
import { actThenFocus } from "./focusOn";
import { Icon } from "./Icon";

interface Props {
  readonly branch: BranchPlace;
  readonly onShow: (id: string) => void;
}

export function BranchSwitch({ branch, onShow }: Props) {
  const counter = useId();
  const { id, place, count, isBusyBeside } = branch;

  /** Another message takes this one's place: the same button of its switch goes on from here. */
  function go(to: string | null, direction: string, button: HTMLElement) {
    if (to === null) return;
    const before = button.getBoundingClientRect().top;
    const selector = `[data-branch="${CSS.escape(to)}"] [data-direction=${direction}]`;
    actThenFocus(() => {
      onShow(to);
    }, selector);
    keepInPlace(document.querySelector(selector), before);
  }

  const button = (direction: "previous" | "next", label: string) => (
    <button
      type="button"
      className="icon-button branches__step"
      data-direction={direction}
      aria-label={label}
      aria-describedby={counter}
      // Not disabled: that would drop the focus at either end.
      aria-disabled={branch[direction] === null}
      onClick={(event) => {
        go(branch[direction], direction, event.currentTarget);
      }}
    >
      <Icon name={direction} />
    </button>
  );

  return (
    <div
      className="branches"
      role="group"
      aria-label={strings.thread.versions}
      data-testid="branch-switch"
      data-branch={id}
      data-busy={isBusyBeside}
    >
      {button("previous", strings.thread.previousVersion)}
      <span className="branches__count" id={counter}>
        <span aria-hidden="true">
          {place}/{count}
        </span>
        <span className="visually-hidden">
          {strings.thread.versionOf(place, count)}
          {isBusyBeside && ` ${strings.thread.busyVersion}`}
        </span>
      </span>
      {button("next", strings.thread.nextVersion)}
      {isBusyBeside && (
        <span className="branches__busy" title={strings.thread.busyVersion} aria-hidden="true" />
      )}
    </div>
  );
}

/** The switch stays under the pointer, though the message above it may be longer now. */
function keepInPlace(button: Element | null, before: number): void {
  const scroller = button?.closest(".thread__scroller");
  if (button && scroller) scroller.scrollTop += button.getBoundingClientRect().top - before;
}
