import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { Suspense, lazy } from "react";
import { Redirect, Route, Switch } from "wouter";
import { ApiError } from "./api/errors";
import { ConversationsScreen } from "./conversations/ConversationsScreen";
import { Boundary } from "./kit/Boundary";
import { Empty, Loading } from "./kit/states";
import { LiveTurnsProvider } from "./live/LiveTurnsProvider";
import { SessionGate } from "./session/SessionGate";
import { sessionKey } from "./session/queries";
import { Shell } from "./shell/Shell";

const CollectionsScreen = lazy(() => import("./collections/CollectionsScreen"));
const AssistantsScreen = lazy(() => import("./assistants/AssistantsScreen"));
const ModelsScreen = lazy(() => import("./models/ModelsScreen"));
const ProvidersScreen = lazy(() => import("./providers/ProvidersScreen"));
const GuardrailsScreen = lazy(() => import("./guardrails/GuardrailsScreen"));
const RoutesScreen = lazy(() => import("./routes/RoutesScreen"));
const PlaygroundScreen = lazy(() => import("./playground/PlaygroundScreen"));
const RequestsScreen = lazy(() => import("./requests/RequestsScreen"));
const DatasetsScreen = lazy(() => import("./datasets/DatasetsScreen"));
const BudgetsScreen = lazy(() => import("./budgets/BudgetsScreen"));
const UsageScreen = lazy(() => import("./usage/UsageScreen"));

/** A session that has ended shows the sign-in, wherever that was noticed. Only silence is worth asking again. */
function newQueries(): QueryClient {
  const onError = (error: unknown) => {
    if (error instanceof ApiError && error.signedOut) queries.setQueryData(sessionKey, null);
  };
  const queries = new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: { retry: (times, error) => error instanceof ApiError && error.status === 0 && times < 2, staleTime: 5_000 },
    },
  });
  return queries;
}

const queries = newQueries();

export function App() {
  return (
    <QueryClientProvider client={queries}>
      <SessionGate>
        <LiveTurnsProvider>
          <Shell>
            <Boundary>
              <Suspense fallback={<Loading label="Loading" rows={6} />}>
                <Switch>
                  <Route path="/conversations/:id?">{({ id }) => <ConversationsScreen id={id ?? null} />}</Route>
                  <Route path="/collections/:name?/:view?/:document?">
                    {({ name, view, document }) => (
                      <CollectionsScreen name={name ?? null} view={view ?? "documents"} document={document ?? null} />
                    )}
                  </Route>
                  <Route path="/assistants/:name?">{({ name }) => <AssistantsScreen key={name} name={name ?? null} />}</Route>
                  <Route path="/playground" component={PlaygroundScreen} />
                  <Route path="/requests/:id?">{({ id }) => <RequestsScreen id={id ?? null} />}</Route>
                  <Route path="/datasets/:name?">{({ name }) => <DatasetsScreen key={name} name={name ?? null} />}</Route>
                  <Route path="/usage" component={UsageScreen} />
                  <Route path="/usage/budgets" component={BudgetsScreen} />
                  <Route path="/models" component={ModelsScreen} />
                  <Route path="/routes/:name?">{({ name }) => <RoutesScreen key={name} name={name ?? null} />}</Route>
                  <Route path="/providers" component={ProvidersScreen} />
                  <Route path="/guardrails/:name?">{({ name }) => <GuardrailsScreen key={name} name={name ?? null} />}</Route>
                  <Route path="/sign-in">
                    <Redirect to="/conversations" replace />
                  </Route>
                  <Route path="/">
                    <Redirect to="/conversations" replace />
                  </Route>
                  <Route>
                    <Empty title="There is no such page">
                      <a href="/conversations">To the conversations</a>
                    </Empty>
                  </Route>
                </Switch>
              </Suspense>
            </Boundary>
          </Shell>
        </LiveTurnsProvider>
      </SessionGate>
    </QueryClientProvider>
  );
}
