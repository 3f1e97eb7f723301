/** Sign in or create an account: one form, as both ask for the same two things. */

import { type SubmitEvent, useId, useState } from "react";

import { strings } from "../strings";
import { errorText } from "./failureText";
import { useSession } from "./sessionContext";

/** The server's rule (`lambdas/schemas.py`). */
const PASSWORD_MIN_CHARS = 8;

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
  const errorId = useId();
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
      <PasswordField mode={mode} value={password} onChange={setPassword} />
      {error !== null && (
        <p id={errorId} className="form__error" role="alert">
          {errorText(error)}
        </p>
      )}
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

interface PasswordProps {
  readonly mode: Mode;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

function PasswordField({ mode, value, onChange }: PasswordProps) {
  const [isShown, setShown] = useState(false);
  const inputId = useId();
  const hintId = useId();
  return (
    <div className="field">
      <label htmlFor={inputId}>{strings.account.password}</label>
      <span className="field__box">
        <input
          id={inputId}
          type={isShown ? "text" : "password"}
          name="password"
          autoComplete={mode === "login" ? "current-password" : "new-password"}
          required
          minLength={mode === "register" ? PASSWORD_MIN_CHARS : undefined}
          aria-describedby={mode === "register" ? hintId : undefined}
          value={value}
          onChange={(event) => {
            onChange(event.target.value);
          }}
        />
        <button
          type="button"
          className="link-button field__reveal"
          aria-pressed={isShown}
          onClick={() => {
            setShown(!isShown);
          }}
        >
          {isShown ? strings.account.hidePassword : strings.account.showPassword}
        </button>
      </span>
      {mode === "register" && (
        <span id={hintId} className="field__hint">
          {strings.account.passwordHint}
        </span>
      )}
    </div>
  );
}
