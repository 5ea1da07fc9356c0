/** Requests found again: a list with filters, and one of them opened. */
import { useState } from "react";
import { useSearchParams } from "wouter";
import { AddToDataset } from "../datasets/AddToDataset";
import { Tabs } from "../datasets/Tabs";
import { Button } from "../kit/Button";
import { Empty, Failure, Loading } from "../kit/states";
import { useRights } from "../session/queries";
import screen from "../targets/Screen.module.css";
import { Filters } from "./Filters";
import { RequestDetail } from "./RequestDetail";
import { RequestList } from "./RequestList";
import { type Filter, filterIn, isFiltered, searchOf } from "./filter";
import { idsOf, useRequests } from "./queries";
import styles from "./RequestsScreen.module.css";

export default function RequestsScreen({ id }: { id: string | null }) {
  return (
    <div className={screen.screen}>
      <div className={screen.page}>{id === null ? <Requests /> : <RequestDetail key={id} id={id} />}</div>
    </div>
  );
}

function Requests() {
  const [search, setSearch] = useSearchParams();
  const filter = filterIn(search);
  const found = useRequests(filter);
  const [adding, setAdding] = useState(false);
  const { fill_datasets: mayAdd } = useRights();
  const requests = found.data?.pages.flatMap((page) => page.data) ?? [];
  const change = (part: Partial<Filter>) => setSearch((now) => searchOf({ ...filterIn(now), ...part }), { replace: true });

  return (
    <>
      <header className={screen.head}>
        <h1>Requests</h1>
        <div className={styles.actions}>
          {mayAdd && requests.length > 0 && (
            <Button icon="add" onClick={() => setAdding(true)}>
              Add to dataset
            </Button>
          )}
          <Button icon="again" onClick={() => void found.refetch()}>
            Refresh
          </Button>
        </div>
      </header>
      <Tabs />
      {adding && <AddToDataset gather={(most, team) => idsOf(filter, most, team)} onClose={() => setAdding(false)} />}
      <Filters filter={filter} onChange={change} />
      {found.isError && <Failure error={found.error} onRetry={() => void found.refetch()} />}
      {found.isPending && <Loading label="Loading requests" rows={9} />}
      {found.isSuccess && requests.length === 0 && <None filter={filter} />}
      {requests.length > 0 && <RequestList requests={requests} now={found.dataUpdatedAt} />}
      {found.hasNextPage && (
        <Button className={styles.more} disabled={found.isFetchingNextPage} onClick={() => void found.fetchNextPage()}>
          Older requests
        </Button>
      )}
    </>
  );
}

function None({ filter }: { filter: Filter }) {
  return isFiltered(filter) ? (
    <Empty title="No request fits">Change what you look for, or look further back.</Empty>
  ) : (
    <Empty title="Nothing was asked in this time">A request appears here about a second after its answer.</Empty>
  );
}
