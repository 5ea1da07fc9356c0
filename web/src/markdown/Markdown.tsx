/** A model's Markdown, shown safely: no HTML, no image that another host would serve, links that tell nothing of this page. */
import { type ComponentProps, memo, useMemo } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import { CodeBlock } from "./CodeBlock";
import { remarkCitations } from "./citations";
import styles from "./Markdown.module.css";

interface MarkdownProps {
  text: string;
  /** Which numbers in brackets are citations. */
  isCited: (n: number) => boolean;
  /** Absent while the passages have not come yet: the chips are there, and do nothing. */
  onCite?: ((n: number) => void) | undefined;
}

export const Markdown = memo(function Markdown({ text, isCited, onCite }: MarkdownProps) {
  const components = useMemo<Components>(
    () => ({
      a: ({ href, title, children }) => (
        <a href={href} title={title} target="_blank" rel="noopener noreferrer nofollow">
          {children}
        </a>
      ),
      img: RemoteImage,
      pre: CodeBlock,
      table: ({ children }) => (
        <div className={styles.table} role="group" aria-label="Table" tabIndex={0}>
          <table>{children}</table>
        </div>
      ),
      cite: (props) => <Chip n={Number((props as { "data-n"?: number })["data-n"])} onCite={onCite} />,
    }),
    [onCite],
  );
  const plugins = useMemo<ComponentProps<typeof ReactMarkdown>["remarkPlugins"]>(
    () => [remarkGfm, [remarkCitations, { isCited }]],
    [isCited],
  );
  return (
    <div className={styles.markdown}>
      <ReactMarkdown remarkPlugins={plugins} components={components}>
        {text}
      </ReactMarkdown>
    </div>
  );
});

function Chip({ n, onCite }: { n: number; onCite: ((n: number) => void) | undefined }) {
  return (
    <button type="button" className={styles.chip} aria-label={`Source ${n}`} disabled={!onCite} onClick={() => onCite?.(n)}>
      {n}
    </button>
  );
}

/** The address as a link instead of the picture: loading it would tell its host who reads this. */
function RemoteImage({ src, alt }: ComponentProps<"img">) {
  const name = alt || "image";
  if (typeof src !== "string" || !src) return <span>{name}</span>;
  return (
    <a href={src} target="_blank" rel="noopener noreferrer nofollow">
      {name} (image, not loaded)
    </a>
  );
}
