import { useEffect, useLayoutEffect, useRef, useState } from "react";

const NEAR_PX = 80;

/** Keep the end in view while text grows there, unless the reader has scrolled away. A new `key` always goes to the end. */
export function useStickToEnd(key: string, text: string | undefined) {
  const box = useRef<HTMLDivElement>(null);
  const sticks = useRef(true);
  const [atEnd, setAtEnd] = useState(true);

  const toEnd = () => {
    sticks.current = true;
    box.current?.scrollTo({ top: box.current.scrollHeight });
  };

  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const onScroll = () => {
      sticks.current = element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX;
      setAtEnd(sticks.current);
    };
    element.addEventListener("scroll", onScroll, { passive: true });
    return () => element.removeEventListener("scroll", onScroll);
  }, []);

  useLayoutEffect(toEnd, [key]);
  useLayoutEffect(() => {
    if (sticks.current) box.current?.scrollTo({ top: box.current.scrollHeight });
  }, [text]);

  return { box, atEnd, toEnd };
}
