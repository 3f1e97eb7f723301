/** A text field as high as its text, up to a limit. */

import { type RefObject, useLayoutEffect, useRef } from "react";

const MAX_HEIGHT_PX = 240;

export function useFittingField(text: string): RefObject<HTMLTextAreaElement | null> {
  const field = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    const element = field.current;
    if (element === null) return;
    element.style.height = "auto";
    element.style.height = `${Math.min(element.scrollHeight, MAX_HEIGHT_PX)}px`;
  }, [text]);
  return field;
}
