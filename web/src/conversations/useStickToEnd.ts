import { useEffect, useLayoutEffect, useRef, useState } from "react";

const NEAR_PX = 80;

/** Keep the end in view while the content grows, unless the reader has scrolled away. A new `key` always goes to the end. */
export function useStickToEnd(key: string) {
  const box = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLOListElement>(null);
  const sticks = useRef(true);
  const [atEnd, setAtEnd] = useState(true);

  const toEnd = () => {
    sticks.current = true;
    box.current?.scrollTo({ top: box.current.scrollHeight });
  };

  useEffect(() => {
    const element = box.current;
    if (!element || !content.current) return;
    const onScroll = () => {
      sticks.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX;
      setAtEnd(sticks.current);
    };
    const onGrow = new ResizeObserver(() => {
      if (sticks.current) element.scrollTo({ top: element.scrollHeight });
    });
    element.addEventListener("scroll", onScroll, { passive: true });
    onGrow.observe(content.current);
    onGrow.observe(element);
    return () => {
      element.removeEventListener("scroll", onScroll);
      onGrow.disconnect();
    };
  }, []);

  useLayoutEffect(toEnd, [key]);

  return { box, content, atEnd, toEnd };
}
