/** A password to type, and to look at while typing. A new one says how long it must be. */

import { useId, useState } from "react";

import { strings } from "../strings";

/** The server's rule (`lambdas/schemas.py`). */
const PASSWORD_MIN_CHARS = 8;

interface Props {
  readonly label: string;
  readonly name: string;
  readonly isNew: boolean;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

export function PasswordField({ label, name, isNew, value, onChange }: Props) {
  const [isShown, setShown] = useState(false);
  const inputId = useId();
  const hintId = useId();
  return (
    <div className="field">
      <label htmlFor={inputId}>{label}</label>
      <span className="field__box">
        <input
          id={inputId}
          type={isShown ? "text" : "password"}
          name={name}
          autoComplete={isNew ? "new-password" : "current-password"}
          required
          minLength={isNew ? PASSWORD_MIN_CHARS : undefined}
          aria-describedby={isNew ? hintId : undefined}
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
      {isNew && (
        <span id={hintId} className="field__hint">
          {strings.account.passwordHint}
        </span>
      )}
    </div>
  );
}
