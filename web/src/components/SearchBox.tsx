/** The field above the list. Down goes to the results, Escape empties it. */

import { type KeyboardEvent, type Ref, useId } from "react";

import { SEARCH_MAX_CHARS } from "../api/prosa";
import { strings } from "../strings";
import { Icon } from "./Icon";

interface Props {
  readonly text: string;
  readonly isBusy: boolean;
  readonly field: Ref<HTMLInputElement>;
  readonly onText: (text: string) => void;
  readonly onClear: () => void;
}

export function SearchBox({ text, isBusy, field, onText, onClear }: Props) {
  const hintId = useId();

  function pressed(event: KeyboardEvent<HTMLInputElement>) {
    if (event.key !== "Escape" || text === "") return;
    // Not the drawer's as well: one press, one thing.
    event.stopPropagation();
    event.preventDefault();
    onClear();
  }

  return (
    <search className="search" data-busy={isBusy}>
      <Icon name="search" />
      <input
        id="search-field"
        ref={field}
        className="search__field"
        type="search"
        enterKeyHint="search"
        autoComplete="off"
        spellCheck={false}
        placeholder={strings.search.placeholder}
        aria-label={strings.search.label}
        aria-describedby={hintId}
        aria-controls={text === "" ? undefined : "search-results"}
        maxLength={SEARCH_MAX_CHARS}
        value={text}
        onChange={(event) => {
          onText(event.target.value);
        }}
        onKeyDown={pressed}
      />
      <span id={hintId} className="visually-hidden">
        {strings.search.hint}
      </span>
      {text !== "" && (
        <button
          type="button"
          className="icon-button icon-button--small search__clear"
          aria-label={strings.search.clear}
          onClick={onClear}
        >
          <Icon name="close" />
        </button>
      )}
    </search>
  );
}
