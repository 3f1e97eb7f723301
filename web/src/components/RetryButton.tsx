/** Try again; not before the time the server asked for. */

import { useEffect, useState } from "react";

import { strings } from "../strings";

interface Props {
  readonly afterS: number | null;
  readonly onRetry: () => void;
}

export function RetryButton({ afterS, onRetry }: Props) {
  const [left, setLeft] = useState(Math.ceil(afterS ?? 0));
  useEffect(() => {
    if (left <= 0) return;
    const timer = setTimeout(() => {
      setLeft(left - 1);
    }, 1000);
    return () => {
      clearTimeout(timer);
    };
  }, [left]);
  return (
    <button type="button" className="button button--small" data-testid="retry" disabled={left > 0} onClick={onRetry}>
      {left > 0 ? strings.thread.retryIn(left) : strings.thread.retry}
    </button>
  );
}
