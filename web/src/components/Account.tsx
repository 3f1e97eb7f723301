/** Foot of the list: who is signed in, the way to an account, the settings, the way out. */

import { useState } from "react";

import { type User } from "../api/schemas";
import { goTo } from "../chat/address";
import { strings } from "../strings";
import { CredentialsForm } from "./CredentialsForm";
import { ConfirmDialog, Dialog } from "./Dialog";
import { PasswordForm } from "./PasswordForm";
import { Settings } from "./Settings";
import { useSession, useUser } from "./sessionContext";

type Shown = "nothing" | "register" | "password" | "leave";

export function Account() {
  const session = useSession();
  const user = useUser();
  const [shown, setShown] = useState<Shown>("nothing");
  if (user === null) return null;

  function hide() {
    setShown("nothing");
  }

  function askToLeave() {
    setShown("leave");
  }

  function signOut() {
    // Whoever comes next does not begin in a conversation that is not theirs.
    goTo(null, { replace: true });
    void session.signOut();
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
      <AccountMenu
        user={user}
        onLeave={user.is_guest ? askToLeave : signOut}
        onPassword={() => {
          setShown("password");
        }}
      />
      {shown === "register" && (
        <Dialog heading={strings.account.keep} onClose={hide}>
          <CredentialsForm first="register" onDone={hide} />
        </Dialog>
      )}
      {shown === "password" && (
        <Dialog heading={strings.account.changePassword} onClose={hide}>
          <PasswordForm email={user.email ?? ""} onDone={hide} />
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

interface MenuProps {
  readonly user: User;
  readonly onLeave: () => void;
  readonly onPassword: () => void;
}

function AccountMenu({ user, onLeave, onPassword }: MenuProps) {
  const name = user.email ?? strings.account.guest;
  return (
    <details className="account__menu">
      <summary aria-label={`${name}: ${strings.account.menu}`}>
        <span className="account__name">{name}</span>
      </summary>
      <div className="account__panel">
        <Settings />
        {!user.is_guest && (
          <button type="button" className="button button--small" onClick={onPassword}>
            {strings.account.changePassword}
          </button>
        )}
        <button type="button" className="button button--small" onClick={onLeave}>
          {strings.account.signOut}
        </button>
      </div>
    </details>
  );
}
