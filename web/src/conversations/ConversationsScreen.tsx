/** The conversations at the left, the one that is open, and the source of what it says beside it. */
import { useCallback, useState } from "react";
import type { Citation } from "../api/types";
import { SidePanel } from "../kit/SidePanel";
import { NARROW, PHONE, useMedia } from "../kit/useMedia";
import { ConversationList } from "./ConversationList";
import { ConversationPane } from "./ConversationPane";
import { SourcePanel } from "./SourcePanel";
import styles from "./ConversationsScreen.module.css";

interface Opened {
  conversationId: string | null;
  citation: Citation;
  answer: string;
}

export function ConversationsScreen({ id }: { id: string | null }) {
  const phone = useMedia(PHONE);
  const narrow = useMedia(NARROW);
  const [listShown, setListShown] = useState(false);
  const [opened, setOpened] = useState<Opened | null>(null);

  const openSource = useCallback(
    (citation: Citation, answer: string) => setOpened({ conversationId: id, citation, answer }),
    [id],
  );
  const source = opened?.conversationId === id ? opened : null;
  const list = <ConversationList current={id} onChoose={() => setListShown(false)} />;

  return (
    <div className={source && !narrow ? styles.withSource : styles.screen}>
      {!phone && <aside className={styles.list}>{list}</aside>}
      {phone && listShown && (
        <SidePanel label="Conversations" modal from="left" onClose={() => setListShown(false)}>
          {list}
        </SidePanel>
      )}
      <ConversationPane
        id={id}
        opened={source?.citation ?? null}
        onShowList={phone ? () => setListShown(true) : null}
        onSource={openSource}
      />
      {source && (
        <SidePanel label="Source" modal={narrow} from="right" onClose={() => setOpened(null)}>
          <SourcePanel citation={source.citation} answer={source.answer} onClose={() => setOpened(null)} />
        </SidePanel>
      )}
    </div>
  );
}
