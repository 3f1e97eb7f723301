/** Where the reader writes. Enter sends, Shift+Enter breaks the line; a running reply can be stopped. */

import { type RefObject, type SubmitEvent, useEffect, useLayoutEffect, useRef } from "react";

import { type Model } from "../api/schemas";
import { type ReplyItem } from "../log/thread";
import { strings } from "../strings";
import { useChat } from "./context";
import { Icon } from "./Icon";
import { ModelChoice } from "./ModelChoice";

/** The server's limit, in Unicode code points (`prosa/conversation.py`). */
const CONTENT_MAX_CHARS = 8_000;
/** From here on the reader is told what is left. */
const WARN_AT_CHARS = 7_200;
const MAX_HEIGHT_PX = 240;

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
  const length = Array.from(draft).length;
  const canSend = draft.trim() !== "" && length <= CONTENT_MAX_CHARS && !isBlocked;
  useEffect(() => {
    // On a phone the focus would raise the keyboard over the conversation.
    if (!matchMedia("(pointer: fine)").matches) return;
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
          <Counter length={length} />
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

function Counter({ length }: { readonly length: number }) {
  const left = CONTENT_MAX_CHARS - length;
  const text = left < 0 ? strings.composer.over(-left) : strings.composer.left(left);
  return (
    <span className="composer__count" role="status" data-over={left < 0} data-testid="counter">
      {length >= WARN_AT_CHARS && text}
    </span>
  );
}

/** A text field as high as its text, up to a limit. */
function useFittingField(text: string): RefObject<HTMLTextAreaElement | null> {
  const field = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    const element = field.current;
    if (element === null) return;
    element.style.height = "auto";
    element.style.height = `${Math.min(element.scrollHeight, MAX_HEIGHT_PX)}px`;
  }, [text]);
  return field;
}
