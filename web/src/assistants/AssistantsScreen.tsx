/** The assistants at the left, one of them to be changed and tried beside another version. */
import { Link, useSearch } from "wouter";
import type { ResourceFields } from "../api/types";
import { EditorPane } from "../kit/EditorPane";
import { plural } from "../kit/format";
import { Empty, Failure, Loading } from "../kit/states";
import screen from "../routes/RoutesScreen.module.css";
import { useRights } from "../session/queries";
import { useResources } from "../targets/queries";
import { Versions } from "../versions/Versions";
import { useVersions } from "../versions/queries";
import { AssistantEditor } from "./AssistantEditor";
import { draftOf } from "./draft";

export default function AssistantsScreen({ name }: { name: string | null }) {
  const assistants = useResources("Assistant");
  const mayChange = useRights().change_assistants;
  const isAskedForNew = new URLSearchParams(useSearch()).has("new");
  const isNew = name === null && isAskedForNew && mayChange;
  const all = assistants.data ?? [];
  const current = all.find((assistant) => assistant.name === name);
  const isMissing = name !== null && assistants.isSuccess && current === undefined;
  const isOpen = isNew || current !== undefined || isMissing;
  // On a phone an open assistant stands alone: its name is the title then.
  const Title = isOpen ? "h2" : "h1";

  return (
    <div className={isOpen ? screen.opened : screen.screen}>
      <nav className={screen.list} aria-label="Assistants">
        <div className={screen.head}>
          <Title>Assistants</Title>
          {mayChange && (
            <Link href="/assistants?new" className={screen.new} aria-current={isNew ? "page" : undefined}>
              New
            </Link>
          )}
        </div>
        {assistants.isPending && <Loading label="Loading assistants" />}
        {assistants.isError && <Failure error={assistants.error} onRetry={() => void assistants.refetch()} />}
        <ul>
          {all.map((assistant) => (
            <li key={assistant.name}>
              <AssistantLink assistant={assistant} isCurrent={assistant === current} />
            </li>
          ))}
        </ul>
        {assistants.isSuccess && all.length === 0 && (
          <Empty title="No assistants yet">
            <p>An assistant answers from your collections, in the way its prompt says.</p>
            <code>stoa apply -f assistant.yaml</code>
          </Empty>
        )}
      </nav>
      {isMissing && <Missing name={name} mayRestore={mayChange} />}
      {isOpen && !isMissing && <AssistantEditor key={current?.name ?? ""} assistant={current ?? null} />}
      {!isOpen && assistants.isSuccess && all.length > 0 && (
        <div className={screen.none}>
          <Empty title="Choose an assistant">Its prompt and collections, and what it answers beside another version.</Empty>
        </div>
      )}
    </div>
  );
}

/** What is remembered of one that was removed can be had back. */
function Missing({ name, mayRestore }: { name: string; mayRestore: boolean }) {
  const of = { kind: "Assistant", name } as const;
  const isRemembered = useVersions(of).isSuccess;
  return (
    <EditorPane name={name} title={`There is no assistant “${name}”`} list={{ href: "/assistants", name: "All assistants" }}>
      <p>{isRemembered ? "It was removed. What it was is still known." : "It was removed, or you have no right to see it."}</p>
      {isRemembered && (
        <Versions of={of} mayRestore={mayRestore} restoring="Restoring makes it again. Gateways serve it within two seconds." />
      )}
    </EditorPane>
  );
}

function AssistantLink({ assistant, isCurrent }: { assistant: ResourceFields; isCurrent: boolean }) {
  const { name, title, description, collections, route } = draftOf(assistant);
  return (
    <Link href={`/assistants/${encodeURIComponent(name)}`} className={screen.link} aria-current={isCurrent ? "page" : undefined}>
      <span className={screen.name}>{title || name}</span>
      {description && <span className={screen.description}>{description}</span>}
      <span className={screen.counts}>
        {collections.length > 0 ? plural(collections.length, "collection") : "No collection"}, {route}
      </span>
    </Link>
  );
}
