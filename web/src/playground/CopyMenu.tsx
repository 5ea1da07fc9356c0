/** The request as code, for the terminal or an application. */
import { useEffect, useState } from "react";
import { IconButton } from "../kit/Button";
import { copyText } from "../kit/clipboard";
import { Menu, MenuItem } from "../kit/Menu";
import { type Asked, LANGUAGES, type Language, snippet } from "./snippets";

const SHOWN_MS = 1600;

export function CopyMenu({ asked }: { asked: Asked | null }) {
  const [told, setTold] = useState("");
  useEffect(() => {
    if (!told) return;
    const timer = setTimeout(() => setTold(""), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [told]);
  if (!asked) return <IconButton small icon="copy" label="Copy as" disabled />;
  const copy = async (language: Language, name: string) => {
    const done = await copyText(snippet(language, asked, location.origin));
    setTold(done ? `Copied as ${name}` : "The browser did not let it be copied");
  };
  return (
    <>
      <Menu label="Copy as" icon={told ? "check" : "copy"}>
        {LANGUAGES.map(({ id, name }) => (
          <MenuItem key={id} icon="copy" onSelect={() => void copy(id, name)}>
            {name}
          </MenuItem>
        ))}
      </Menu>
      <span className="unseen" role="status">
        {told}
      </span>
    </>
  );
}
