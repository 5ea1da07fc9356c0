/** The assistants at the left, one of them to be changed and tried beside another version. */
import { Link, useSearch } from "wouter";
import type { ResourceFields } from "../api/types";
import { plural } from "../kit/format";
import { Empty, Failure, Loading } from "../kit/states";
import screen from "../routes/RoutesScreen.module.css";
import { useRights } from "../session/queries";
import { useResources } from "../targets/queries";
import { AssistantEditor } from "./AssistantEditor";
import { draftOf } from "./draft";

export default function AssistantsScreen({ name }: { name: string | null }) {
  const assistants = useResources("Assistant");
  const mayChange = useRights().change_assistants;
  const isAskedForNew = new URLSearchParams(useSearch()).has("new");
  const isNew = name === null && isAskedForNew && mayChange;
  const all = assistants.data ?? [];
  const current = all.find((assistant) => assistant.name === name);
  const isOpen = isNew || current !== undefined;
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
      {isOpen && <AssistantEditor key={current?.name ?? ""} assistant={current ?? null} />}
      {!isOpen && assistants.isSuccess && all.length > 0 && (
        <div className={screen.none}>
          {name ? (
            <Empty title={`There is no assistant “${name}”`}>It was removed, or you have no right to see it.</Empty>
          ) : (
            <Empty title="Choose an assistant">Its prompt and collections, and what it answers beside another version.</Empty>
          )}
        </div>
      )}
    </div>
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
