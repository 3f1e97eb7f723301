/** Where the reader writes. Enter sends, Shift+Enter breaks the line; a running reply can be stopped. */

import { type SubmitEvent, useEffect } from "react";

import { type Model } from "../api/schemas";
import { currentMessage } from "../chat/address";
import { type ReplyItem } from "../log/thread";
import { strings } from "../strings";
import { useChat } from "./context";
import { Icon } from "./Icon";
import { LengthCounter } from "./LengthCounter";
import { isSendable } from "./messageLength";
import { ModelChoice } from "./ModelChoice";
import { useFittingField } from "./useFittingField";

interface Props {
  readonly draft: string;
  readonly onDraft: (text: string) => void;
  readonly models: readonly Model[] | null;
  readonly model: string | null;
  readonly onModel: (model: string | null) => void;
  readonly running: ReplyItem | null;
  /** A message is on its way: the next one needs to know what it follows. */
  readonly isBlocked: boolean;
  readonly onSend: (content: string) => void;
}

export function Composer(props: Props) {
  const { draft, onDraft, running, isBlocked, onSend } = props;
  const field = useFittingField(draft);
  const canSend = isSendable(draft) && !isBlocked;
  useEffect(() => {
    // On a phone the focus would raise the keyboard over the conversation.
    if (!matchMedia("(pointer: fine)").matches) return;
    // Who was led to a message came to read it, and may go on to the next hit of a search.
    if (currentMessage() !== null) return;
    field.current?.focus();
    field.current?.setSelectionRange(field.current.value.length, field.current.value.length);
  }, [field]);

  function send(event?: SubmitEvent) {
    event?.preventDefault();
    if (!canSend) return;
    onSend(draft.trim());
    onDraft("");
  }

  return (
    <form className="composer" onSubmit={send}>
      <div className="composer__box">
        <textarea
          ref={field}
          data-testid="composer"
          rows={1}
          aria-label={strings.composer.label}
          aria-describedby="composer-hint"
          placeholder={strings.composer.placeholder}
          enterKeyHint="send"
          value={draft}
          onChange={(event) => {
            onDraft(event.target.value);
          }}
          onKeyDown={(event) => {
            // An input method takes Enter to accept a word.
            if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
            event.preventDefault();
            send();
          }}
        />
        <div className="composer__foot">
          <ModelChoice models={props.models} chosen={props.model} onChoose={props.onModel} />
          <LengthCounter text={draft} />
          {running !== null && <StopButton running={running} />}
          {(running === null || draft !== "") && (
            <button
              type="submit"
              className="round-button round-button--primary"
              data-testid="send"
              aria-label={strings.composer.send}
              disabled={!canSend}
            >
              <Icon name="send" />
            </button>
          )}
        </div>
      </div>
      <p id="composer-hint" className="composer__hint">
        {strings.composer.hint}
      </p>
    </form>
  );
}

function StopButton({ running }: { readonly running: ReplyItem }) {
  const chat = useChat();
  const { job_id, isStopping } = running;
  return (
    <button
      type="button"
      className="round-button"
      data-testid="stop"
      aria-label={isStopping ? strings.composer.stopping : strings.composer.stop}
      disabled={job_id === null || isStopping}
      onClick={() => {
        if (job_id !== null) void chat.stopReply(job_id);
      }}
    >
      <span className="round-button__stop" aria-hidden="true" />
    </button>
  );
}
