/** A message of the reader's, open to be said differently. Enter sends, Escape leaves it as it was. */

import { type SubmitEvent, useEffect } from "react";

import { strings } from "../strings";
import { LengthCounter } from "./LengthCounter";
import { isSendable } from "./messageLength";
import { useFittingField } from "./useFittingField";

interface Props {
  readonly text: string;
  /** Opened just now by the reader, not found open when it came into view. */
  readonly isFresh: boolean;
  readonly onText: (text: string) => void;
  readonly onSend: (text: string) => void;
  readonly onCancel: () => void;
}

export function EditMessage({ text, isFresh, onText, onSend, onCancel }: Props) {
  const field = useFittingField(text);
  useEffect(() => {
    if (!isFresh) return;
    field.current?.focus();
    field.current?.setSelectionRange(field.current.value.length, field.current.value.length);
  }, [field, isFresh]);

  function send(event?: SubmitEvent) {
    event?.preventDefault();
    if (isSendable(text)) onSend(text.trim());
  }

  return (
    <form className="editing" onSubmit={send}>
      <textarea
        ref={field}
        className="editing__field"
        data-testid="edit-field"
        rows={1}
        aria-label={strings.thread.editField}
        enterKeyHint="send"
        value={text}
        onChange={(event) => {
          onText(event.target.value);
        }}
        onKeyDown={(event) => {
          // An input method takes both to accept or leave a word.
          if (event.nativeEvent.isComposing) return;
          if (event.key === "Escape") {
            event.stopPropagation();
            onCancel();
          } else if (event.key === "Enter" && !event.shiftKey) {
            event.preventDefault();
            send();
          }
        }}
      />
      <div className="editing__foot">
        <LengthCounter text={text} />
        <button type="button" className="button button--small" onClick={onCancel}>
          {strings.actions.cancel}
        </button>
        <button type="submit" className="button button--small button--primary" disabled={!isSendable(text)}>
          {strings.composer.send}
        </button>
      </div>
    </form>
  );
}
