/** Change the password. Whoever is signed in elsewhere with the old one is signed out. */

import { type SubmitEvent, useState } from "react";

import { strings } from "../strings";
import { FormError } from "./FormError";
import { PasswordField } from "./PasswordField";
import { useSession } from "./sessionContext";

interface Props {
  readonly email: string;
  readonly onDone: () => void;
}

export function PasswordForm({ email, onDone }: Props) {
  const session = useSession();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [isWorking, setWorking] = useState(false);
  const [error, setError] = useState<unknown>(null);

  async function submit(event: SubmitEvent) {
    event.preventDefault();
    setWorking(true);
    setError(null);
    try {
      await session.changePassword(current, next);
      onDone();
    } catch (failure) {
      setError(failure);
      setWorking(false);
    }
  }

  return (
    <form
      className="form"
      aria-label={strings.account.changePassword}
      onSubmit={(event) => void submit(event)}
    >
      <p className="form__note">{strings.account.changePasswordNote}</p>
      {/* For password managers: they keep the new one under this name. */}
      <input type="hidden" name="email" autoComplete="username" value={email} />
      <PasswordField
        label={strings.account.currentPassword}
        name="current-password"
        isNew={false}
        value={current}
        onChange={setCurrent}
      />
      <PasswordField
        label={strings.account.newPassword}
        name="new-password"
        isNew
        value={next}
        onChange={setNext}
      />
      <FormError error={error} />
      <button type="submit" className="button button--wide" disabled={isWorking}>
        {isWorking ? strings.account.working : strings.account.changePassword}
      </button>
    </form>
  );
}
