/** Sign in or create an account: one form, as both ask for the same two things. */

import { type SubmitEvent, useState } from "react";

import { strings } from "../strings";
import { FormError } from "./FormError";
import { PasswordField } from "./PasswordField";
import { useSession } from "./sessionContext";

type Mode = "login" | "register";

interface Props {
  readonly first: Mode;
  readonly onDone?: () => void;
}

export function CredentialsForm({ first, onDone }: Props) {
  const session = useSession();
  const [mode, setMode] = useState<Mode>(first);
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [isWorking, setWorking] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const action = mode === "login" ? strings.account.signIn : strings.account.register;

  async function submit(event: SubmitEvent) {
    event.preventDefault();
    setWorking(true);
    setError(null);
    try {
      await session.signIn(`/auth/${mode}`, { email, password });
      onDone?.();
    } catch (failure) {
      setError(failure);
      setWorking(false);
    }
  }

  return (
    <form className="form" aria-label={action} onSubmit={(event) => void submit(event)}>
      <label className="field">
        <span>{strings.account.email}</span>
        <input
          type="email"
          name="email"
          autoComplete="username"
          required
          value={email}
          onChange={(event) => {
            setEmail(event.target.value);
          }}
        />
      </label>
      <PasswordField
        label={strings.account.password}
        name="password"
        isNew={mode === "register"}
        value={password}
        onChange={setPassword}
      />
      <FormError error={error} />
      <button type="submit" className="button button--wide" disabled={isWorking}>
        {isWorking ? strings.account.working : action}
      </button>
      <button
        type="button"
        className="link-button"
        onClick={() => {
          setMode(mode === "login" ? "register" : "login");
          setError(null);
        }}
      >
        {mode === "login" ? strings.account.haveNone : strings.account.haveOne}
      </button>
    </form>
  );
}
