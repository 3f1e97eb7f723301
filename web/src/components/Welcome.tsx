/** The door: begin as a guest, or sign in. */

import { useState } from "react";

import { Refused } from "../api/errors";
import { strings } from "../strings";
import { CredentialsForm } from "./CredentialsForm";
import { errorText } from "./failureText";
import { LanguageChoice } from "./LanguageChoice";
import { useSession } from "./sessionContext";
import { Mark, TileWall } from "./Tiles";

type GuestOffer = "offered" | "working" | "closed";

export function Welcome() {
  const session = useSession();
  const [guest, setGuest] = useState<GuestOffer>("offered");
  const [error, setError] = useState<string | null>(null);

  async function enter() {
    setGuest("working");
    setError(null);
    try {
      await session.signIn("/auth/guest");
    } catch (failure) {
      const isOff = failure instanceof Refused && (failure.status === 403 || failure.status === 404);
      setGuest(isOff ? "closed" : "offered");
      setError(isOff ? strings.welcome.guestOff : errorText(failure));
    }
  }

  return (
    <main className="welcome">
      <div className="welcome__wall">
        <TileWall columns={9} rows={12} covers />
      </div>
      <div className="welcome__door">
        <div className="welcome__head">
          <p className="wordmark">
            <Mark />
            {strings.appName}
          </p>
          <LanguageChoice isLabelHidden />
        </div>
        <h1>{strings.welcome.heading}</h1>
        <p className="welcome__pitch">{strings.welcome.pitch}</p>
        {guest !== "closed" && (
          <>
            <button
              type="button"
              className="button button--primary button--wide"
              disabled={guest === "working"}
              onClick={() => void enter()}
            >
              {guest === "working" ? strings.account.working : strings.welcome.asGuest}
            </button>
            <p className="welcome__note">{strings.welcome.guestNote}</p>
          </>
        )}
        {error !== null && (
          <p className="form__error" role="alert">
            {error}
          </p>
        )}
        <p className="welcome__or" aria-hidden="true">
          {strings.welcome.or}
        </p>
        <CredentialsForm first="login" />
      </div>
    </main>
  );
}
