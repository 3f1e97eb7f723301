/** The page: the door for who is not signed in, the chat for who is. */

import { useEffect, useMemo, useSyncExternalStore } from "react";

import { type ProsaApi } from "../api/prosa";
import { type Session } from "../api/session";
import { currentConversation, goTo } from "../chat/address";
import { Chat } from "../chat/chat";
import { nameDraft } from "../chat/drafts";
import { useLanguage } from "../chat/language";
import { ChatContext } from "./context";
import { SessionContext } from "./sessionContext";
import { Welcome } from "./Welcome";
import { Workspace } from "./Workspace";

interface Props {
  readonly session: Session;
  readonly api: ProsaApi;
}

export function App({ session, api }: Props) {
  const user = useSyncExternalStore(session.onUser, () => session.user);
  const language = useLanguage();
  return (
    <SessionContext value={session}>
      {user === null ? (
        <Welcome key={language} />
      ) : (
        <SignedIn key={user.user_id} session={session} api={api} userId={user.user_id} />
      )}
    </SessionContext>
  );
}

function SignedIn({ session, api, userId }: Props & { readonly userId: string }) {
  const chat = useMemo(
    () =>
      new Chat({
        api,
        session,
        userId,
        onAccepted: (pending, { conversation_id }) => {
          // Whoever went elsewhere meanwhile is not fetched back.
          const isWaiting = pending.conversation_id === null && currentConversation() === null;
          if (!isWaiting) return;
          nameDraft(conversation_id);
          goTo(conversation_id, { replace: false });
        },
      }),
    [api, session, userId],
  );
  useEffect(() => {
    void chat.start(currentConversation());
    return () => {
      chat.stop();
    };
  }, [chat]);
  const language = useLanguage();
  return (
    <ChatContext value={chat}>
      <Workspace key={language} />
    </ChatContext>
  );
}
