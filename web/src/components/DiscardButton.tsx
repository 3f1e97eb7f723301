/** Lets go of what was not accepted. */

import { strings } from "../strings";

export function DiscardButton({ onDiscard }: { readonly onDiscard: () => void }) {
  return (
    <button type="button" className="link-button" data-testid="discard" onClick={onDiscard}>
      {strings.thread.discard}
    </button>
  );
}
