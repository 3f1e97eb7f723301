/** What was found, by conversation; stands in the list's place while there is a question. */

import { Fragment, type MouseEvent, useMemo } from "react";

import { type Conversation, type SearchHit } from "../api/schemas";
import { conversationPath, goTo, useLinkedMessage } from "../chat/address";
import { byConversation, type FoundConversation, pieces, type SearchState } from "../chat/search";
import { strings } from "../strings";
import { useLog } from "./context";

interface Props {
  readonly state: SearchState;
  readonly open: string | null;
  readonly onMore: () => void;
  readonly onOpen: () => void;
}

export function SearchResults({ state, open, onMore, onOpen }: Props) {
  const deleted = useLog((log) => log.deleted);
  const found = useMemo(() => byConversation(state.hits, deleted), [state.hits, deleted]);
  const isStale = state.answered !== state.question;
  return (
    <div
      id="search-results"
      className="sidebar__list results"
      role="region"
      aria-label={strings.search.results}
      aria-busy={state.status === "busy"}
      data-stale={isStale}
    >
      {found.map((each) => (
        <Found key={each.conversation.conversation_id} found={each} open={open} onOpen={onOpen} />
      ))}
      <Ending state={state} isEmpty={found.length === 0} onMore={onMore} />
      <p className="visually-hidden" role="status">
        {state.status === "done" && !isStale && strings.search.count(state.hits.length)}
      </p>
    </div>
  );
}

interface FoundProps {
  readonly found: FoundConversation;
  readonly open: string | null;
  readonly onOpen: () => void;
}

function Found({ found: { conversation, title, messages }, open, onOpen }: FoundProps) {
  const { conversation_id } = conversation;
  const shown = useLinkedMessage()?.id ?? null;
  const isOpen = open === conversation_id;
  const written = title ?? { snippet: conversation.title || strings.list.untitled, matched: [] };
  return (
    <section className="results__conversation" data-testid="search-found">
      <HitLink
        conversation={conversation}
        messageId={null}
        className="results__title"
        isShown={isOpen && shown === null}
        onOpen={onOpen}
      >
        <span className="results__name">
          <Marked {...written} />
        </span>
        <time className="results__date" dateTime={conversation.updated_at}>
          {day(conversation.updated_at)}
        </time>
      </HitLink>
      {messages.map((hit) => (
        <HitLink
          key={hit.message_id}
          conversation={conversation}
          messageId={hit.message_id}
          className="results__hit"
          isShown={isOpen && shown === hit.message_id}
          onOpen={onOpen}
        >
          <span className="results__snippet">
            <span className="results__role">
              {hit.role === "user" ? strings.search.you : strings.appName}
            </span>{" "}
            <Marked {...hit} />
          </span>
        </HitLink>
      ))}
    </section>
  );
}

interface LinkProps {
  readonly conversation: Conversation;
  readonly messageId: string | null;
  readonly className: string;
  readonly isShown: boolean;
  readonly onOpen: () => void;
  readonly children: React.ReactNode;
}

function HitLink({ conversation, messageId, className, isShown, onOpen, children }: LinkProps) {
  const { conversation_id } = conversation;
  function open(event: MouseEvent) {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    goTo(conversation_id, { replace: isShown, message: messageId });
    onOpen();
  }
  return (
    <a
      href={conversationPath(conversation_id, messageId)}
      className={className}
      data-hit
      aria-current={isShown ? "true" : undefined}
      onClick={open}
    >
      {children}
    </a>
  );
}

function Marked(hit: Pick<SearchHit, "snippet" | "matched">) {
  return pieces(hit).map(({ text, isMatched }, place) => (
    <Fragment key={place}>{isMatched ? <mark>{text}</mark> : text}</Fragment>
  ));
}

interface EndingProps {
  readonly state: SearchState;
  readonly isEmpty: boolean;
  readonly onMore: () => void;
}

/** Below the hits: that it goes on, that there is nothing, that it failed, or how to go on. */
function Ending({ state, isEmpty, onMore }: EndingProps) {
  const { status, question, cursor, searchedBackTo } = state;
  if (status === "busy") {
    return isEmpty && <p className="results__note results__note--late">{strings.search.busy}</p>;
  }
  if (status === "failed") {
    return (
      <div className="results__note" role="alert">
        <p>{strings.search.failed}</p>
        <button type="button" className="button button--small" onClick={onMore}>
          {strings.actions.tryAgain}
        </button>
      </div>
    );
  }
  const { nothing, nothingYet } = strings.search;
  return (
    <div className="results__note">
      {isEmpty && <p>{cursor === null ? nothing(question) : nothingYet(question)}</p>}
      {cursor !== null && (
        <>
          {searchedBackTo !== null && <p>{strings.search.backTo(day(searchedBackTo))}</p>}
          <button type="button" className="button button--small" onClick={onMore}>
            {strings.search.further}
          </button>
        </>
      )}
    </div>
  );
}

function day(moment: string): string {
  const date = new Date(moment);
  const isThisYear = date.getFullYear() === new Date().getFullYear();
  return new Intl.DateTimeFormat(strings.language, {
    day: "numeric",
    month: "short",
    ...(!isThisYear && { year: "numeric" }),
  }).format(date);
}
