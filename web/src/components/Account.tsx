/** Foot of the list: who is signed in, the way to an account, the settings, the way out. */

import { useState } from "react";

import { goTo } from "../chat/address";
import { strings } from "../strings";
import { CredentialsForm } from "./CredentialsForm";
import { ConfirmDialog, Dialog } from "./Dialog";
import { Settings } from "./Settings";
import { useSession, useUser } from "./sessionContext";

type Shown = "nothing" | "register" | "leave";

export function Account() {
  const session = useSession();
  const user = useUser();
  const [shown, setShown] = useState<Shown>("nothing");
  if (user === null) return null;

  function hide() {
    setShown("nothing");
  }

  function signOut() {
    // Whoever comes next does not begin in a conversation that is not theirs.
    goTo(null, { replace: true });
    void session.signOut();
  }

  function leave() {
    if (user?.is_guest === true) setShown("leave");
    else signOut();
  }

  return (
    <div className="account">
      {user.is_guest && (
        <div className="account__keep">
          <p>{strings.account.keepNote}</p>
          <button
            type="button"
            className="button button--small"
            onClick={() => {
              setShown("register");
            }}
          >
            {strings.account.keep}
          </button>
        </div>
      )}
      <details className="account__menu">
        <summary aria-label={`${user.email ?? strings.account.guest}: ${strings.account.menu}`}>
          <span className="account__name">{user.email ?? strings.account.guest}</span>
        </summary>
        <div className="account__panel">
          <Settings />
          <button type="button" className="button button--small" onClick={leave}>
            {strings.account.signOut}
          </button>
        </div>
      </details>
      {shown === "register" && (
        <Dialog heading={strings.account.keep} onClose={hide}>
          <CredentialsForm first="register" onDone={hide} />
        </Dialog>
      )}
      {shown === "leave" && (
        <ConfirmDialog
          heading={strings.account.signOutGuest}
          note={strings.account.signOutGuestNote}
          action={strings.account.signOut}
          onConfirm={signOut}
          onClose={hide}
        />
      )}
    </div>
  );
}
