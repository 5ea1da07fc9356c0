/** A model's Markdown, shown safely: no HTML, no image that another host would serve, links that tell nothing of this page. */
import { type ComponentProps, type ReactNode, memo, useId, useMemo } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import { CodeBlock } from "./CodeBlock";
import { remarkCitations } from "./citations";
import { type Mark, remarkVerification } from "./verification";
import styles from "./Markdown.module.css";

interface MarkdownProps {
  text: string;
  /** Which numbers in brackets are citations. */
  isCited: (n: number) => boolean;
  /** Absent while the passages have not come yet: the chips are there, and do nothing. */
  onCite?: ((n: number) => void) | undefined;
  /** Sentences that no passage supports. */
  marks?: readonly Mark[] | undefined;
}

const NO_MARKS: readonly Mark[] = [];

export const Markdown = memo(function Markdown({ text, isCited, onCite, marks = NO_MARKS }: MarkdownProps) {
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
      mark: ({ children, ...props }) => {
        const { "data-mark": number = -1, "data-first": first } = props as { "data-mark"?: number; "data-first"?: string };
        return (
          <Doubted mark={marks[number]} isFirst={first !== undefined}>
            {children}
          </Doubted>
        );
      },
    }),
    [onCite, marks],
  );
  const plugins = useMemo<ComponentProps<typeof ReactMarkdown>["remarkPlugins"]>(
    () => [remarkGfm, [remarkVerification, { marks }], [remarkCitations, { isCited }]],
    [isCited, marks],
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

/** A sentence that no passage supports, or a piece of it: why is told on hover and on focus, and read out with the first. */
function Doubted({ mark, isFirst, children }: { mark: Mark | undefined; isFirst: boolean; children: ReactNode }) {
  const id = useId();
  if (!mark) return <>{children}</>;
  const look = mark.state === "unsupported" ? styles.unsupported : styles.uncited;
  return (
    <span className={styles.doubted}>
      <mark className={look} {...(isFirst && { tabIndex: 0, "aria-describedby": id })}>
        {children}
      </mark>
      <span role="tooltip" id={id} className={styles.why}>
        {mark.why}
      </span>
    </span>
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
