/** Light, dark, or as the system says. Kept in this browser; `public/theme.js` applies it before the first paint. */
import { useState } from "react";

export type Theme = "system" | "light" | "dark";
export const THEMES: Theme[] = ["system", "light", "dark"];

const KEY = "stoa.theme";

function storedTheme(): Theme {
  const theme = document.documentElement.dataset.theme;
  return theme === "light" || theme === "dark" ? theme : "system";
}

export function useTheme(): [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState(storedTheme);
  return [
    theme,
    (chosen) => {
      if (chosen === "system") delete document.documentElement.dataset.theme;
      else document.documentElement.dataset.theme = chosen;
      try {
        localStorage.setItem(KEY, chosen);
      } catch {
        // Without storage the choice lasts as long as the page.
      }
      setTheme(chosen);
    },
  ];
}
