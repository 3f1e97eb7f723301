/** Whether events flow. Quiet while they do. */

import { strings } from "../strings";
import { useChat, useConnection } from "./context";

export function ConnectionNotice() {
  const chat = useChat();
  const { name } = useConnection();
  return (
    <div className="connection" data-testid="connection-state" data-state={name}>
      <span className="connection__dot" aria-hidden="true" title={strings.connection[name]} />
      <span role="status" aria-label={strings.connection.label} className="connection__text">
        {strings.connection[name]}
      </span>
      {name === "stopped" && (
        <button type="button" className="link-button" onClick={chat.reconnect}>
          {strings.connection.reconnect}
        </button>
      )}
    </div>
  );
}
