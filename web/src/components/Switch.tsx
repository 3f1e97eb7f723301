/** One thing that is on or off. */

import { type ReactNode, useId } from "react";

interface Props {
  readonly label: string;
  readonly note?: ReactNode;
  readonly isOn: boolean;
  readonly isDisabled?: boolean;
  readonly onSwitch: (isOn: boolean) => void;
}

export function Switch({ label, note, isOn, isDisabled = false, onSwitch }: Props) {
  const noteId = useId();
  return (
    <label className="switch">
      <span className="switch__words">
        {label}
        {note !== undefined && (
          <span id={noteId} className="switch__note">
            {note}
          </span>
        )}
      </span>
      <input
        type="checkbox"
        role="switch"
        aria-label={label}
        aria-describedby={note === undefined ? undefined : noteId}
        checked={isOn}
        disabled={isDisabled}
        onChange={(event) => {
          onSwitch(event.target.checked);
        }}
      />
      <span className="switch__track" aria-hidden="true" />
    </label>
  );
}
