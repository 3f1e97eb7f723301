/** A modal dialog on the native element, which brings focus, Escape and the inert page behind. */

import { type ReactNode, useEffect, useId, useRef } from "react";

import { strings } from "../strings";
import { Icon } from "./Icon";

interface Props {
  readonly heading: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

export function Dialog({ heading, onClose, children }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const headingId = useId();
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => {
      element?.close();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      className="dialog"
      aria-labelledby={headingId}
      onKeyDown={(event) => {
        // Not the drawer's as well, which the dialog was opened from: one press, one thing.
        if (event.key === "Escape") event.stopPropagation();
      }}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <header className="dialog__head">
        <h2 id={headingId}>{heading}</h2>
        <button type="button" className="icon-button" aria-label={strings.actions.close} onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      {children}
    </dialog>
  );
}

interface ConfirmProps {
  readonly heading: string;
  readonly note: string;
  readonly action: string;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

export function ConfirmDialog({ heading, note, action, onConfirm, onClose }: ConfirmProps) {
  return (
    <Dialog heading={heading} onClose={onClose}>
      <p className="dialog__note">{note}</p>
      <div className="dialog__actions">
        <button type="button" className="button" onClick={onClose}>
          {strings.actions.cancel}
        </button>
        <button type="button" className="button button--danger" onClick={onConfirm}>
          {action}
        </button>
      </div>
    </Dialog>
  );
}
