import { type ComponentProps, isValidElement } from "react";
import { CopyButton } from "../kit/CopyButton";
import styles from "./Markdown.module.css";

/** The `pre` of a fenced block: its language and a way to copy it above, the code below. */
export function CodeBlock({ children }: ComponentProps<"pre">) {
  const code = isValidElement<{ className?: string; children?: unknown }>(children) ? children.props : {};
  const language = /language-(\S+)/.exec(code.className ?? "")?.[1] ?? "text";
  const text = typeof code.children === "string" ? code.children : "";
  return (
    <figure className={styles.code}>
      <figcaption>
        {language}
        <CopyButton label="Copy the code" text={() => text.replace(/\n$/, "")} />
      </figcaption>
      <pre tabIndex={0}>{children}</pre>
    </figure>
  );
}
