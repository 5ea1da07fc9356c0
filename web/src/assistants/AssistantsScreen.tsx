/** The assistants at the left, one of them to be changed and tried beside another version. */
import { useSearch } from "wouter";
import type { ResourceFields } from "../api/types";
import { EditorPane } from "../kit/EditorPane";
import { MasterDetail, MasterLink, NewLink } from "../kit/MasterDetail";
import { plural } from "../kit/format";
import { Empty, Failure, Loading } from "../kit/states";
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

  return (
    <MasterDetail
      title="Assistants"
      isOpen={isOpen}
      create={
        mayChange && (
          <NewLink href="/assistants?new" isCurrent={isNew}>
            New
          </NewLink>
        )
      }
      list={
        <>
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
              <p>
                An assistant answers from your collections, in the way its prompt says.{" "}
                {mayChange ? "Make one here, or apply a file:" : "It comes from a file:"}
              </p>
              <code>stoa apply -f assistant.yaml</code>
            </Empty>
          )}
        </>
      }
    >
      {isMissing && <Missing name={name} mayRestore={mayChange} />}
      {isOpen && !isMissing && <AssistantEditor key={current?.name ?? ""} assistant={current ?? null} />}
      {!isOpen && assistants.isSuccess && all.length > 0 && (
        <Empty title="Choose an assistant">Its prompt and collections, and what it answers beside another version.</Empty>
      )}
    </MasterDetail>
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
    <MasterLink
      href={`/assistants/${encodeURIComponent(name)}`}
      isCurrent={isCurrent}
      name={title || name}
      description={description}
    >
      {collections.length > 0 ? plural(collections.length, "collection") : "No collection"}, {route}
    </MasterLink>
  );
}
