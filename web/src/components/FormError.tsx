/** Why a form could not be sent; nothing while there is no reason. */

import { errorText } from "./failureText";

export function FormError({ error }: { readonly error: unknown }) {
  if (error === null) return null;
  return (
    <p className="form__error" role="alert">
      {errorText(error)}
    </p>
  );
}
