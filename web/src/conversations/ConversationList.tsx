import { useEffect, useRef, useState } from "react";
import { Link } from "wouter";
import { Button } from "../kit/Button";
import { Icon } from "../kit/Icon";
import { Empty, Failure, Loading } from "../kit/states";
import { ConversationItem } from "./ConversationItem";
import { groupByDay } from "./days";
import { useConversations } from "./queries";
import { useDebounced } from "../kit/useDebounced";
import styles from "./ConversationList.module.css";

const TYPING_MS = 200;

export function ConversationList({ current, onChoose }: { current: string | null; onChoose: () => void }) {
  const [typed, setTyped] = useState("");
  const search = useDebounced(typed.trim(), TYPING_MS);
  const conversations = useConversations(search);
  const input = useSlashToFocus();
  const all = conversations.data?.pages.flatMap((page) => page.data) ?? [];

  return (
    <div className={styles.list}>
      <div className={styles.head}>
        <Link href="/conversations" className={styles.start} onClick={onChoose}>
          <Icon name="add" /> New conversation
        </Link>
        <div className={styles.search} role="search">
          <Icon name="search" size={16} />
          <input
            ref={input}
            type="search"
            aria-label="Search conversations"
            placeholder="Search"
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
            onKeyDown={(event) => event.key === "Escape" && setTyped("")}
          />
          <kbd aria-hidden="true">/</kbd>
        </div>
      </div>
      <nav className={styles.scroll} aria-label="Conversations">
        {conversations.isPending && <Loading label="Loading conversations" rows={6} />}
        {conversations.isError && <Failure error={conversations.error} onRetry={() => void conversations.refetch()} />}
        {conversations.isSuccess && all.length === 0 && (
          <Empty title={search ? "Nothing found" : "No conversations yet"}>
            <p>
              {search ? `No title or message has “${search}”.` : "Your questions and their answers stay here, for you alone."}
            </p>
          </Empty>
        )}
        {groupByDay(all, conversations.dataUpdatedAt).map((group) => (
          <section key={group.name} aria-label={group.name}>
            <h2 className={styles.day}>{group.name}</h2>
            <ul>
              {group.conversations.map((conversation) => (
                <ConversationItem
                  key={conversation.id}
                  conversation={conversation}
                  isCurrent={conversation.id === current}
                  onChoose={onChoose}
                />
              ))}
            </ul>
          </section>
        ))}
        {conversations.hasNextPage && (
          <Button disabled={conversations.isFetchingNextPage} onClick={() => void conversations.fetchNextPage()}>
            Show older
          </Button>
        )}
      </nav>
    </div>
  );
}

/** `/` goes to the search, unless something is being typed. */
function useSlashToFocus() {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing = event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable]");
      if (event.key !== "/" || event.ctrlKey || event.metaKey || typing) return;
      event.preventDefault();
      input.current?.focus();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
  return input;
}
