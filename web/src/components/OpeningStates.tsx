/** What stands in a conversation's place while it opens, or when it cannot. */

import { goTo } from "../chat/address";
import { strings } from "../strings";
import { Waiting } from "./Tiles";

/** Fades in late by its style: most conversations open before anyone should read this. */
export function Opening() {
  return (
    <div className="place place--late" role="status">
      <Waiting />
      <p>{strings.thread.loading}</p>
    </div>
  );
}

export function Unopened({ onRetry }: { readonly onRetry: () => void }) {
  return (
    <div className="place" role="alert">
      <p>{strings.thread.failed}</p>
      <button type="button" className="button" onClick={onRetry}>
        {strings.actions.tryAgain}
      </button>
    </div>
  );
}

export function Missing() {
  return (
    <div className="place" role="alert">
      <h2>{strings.thread.missing}</h2>
      <p>{strings.thread.missingNote}</p>
      <button
        type="button"
        className="button"
        onClick={() => {
          goTo(null, { replace: true });
        }}
      >
        {strings.list.fresh}
      </button>
    </div>
  );
}
