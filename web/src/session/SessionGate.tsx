/** Nothing of the page is shown to nobody. */
import { type ReactNode, useEffect } from "react";
import { ApiError } from "../api/errors";
import { Failure } from "../kit/states";
import { SignIn } from "./SignIn";
import { useSession, useSignIn } from "./queries";
import { tokenOf } from "./token";

/** Taken from the address once, at the start, and dropped from it: a link in the history must not hold a secret. */
const tokenInAddress = takeToken();

function takeToken(): string {
  if (typeof location === "undefined" || location.pathname !== "/sign-in") return "";
  const token = tokenOf(location.search);
  if (token) history.replaceState(null, "", "/sign-in");
  return token;
}

let offered = false;

export function SessionGate({ children }: { children: ReactNode }) {
  const session = useSession();
  const signIn = useSignIn();
  const { mutate } = signIn;

  useEffect(() => {
    if (!tokenInAddress || offered) return;
    offered = true;
    mutate(tokenInAddress);
  }, [mutate]);

  if (session.isPending || signIn.isPending) return <main aria-busy="true" aria-label="Signing in" />;
  if (session.isError) {
    return (
      <main>
        <Failure error={session.error} onRetry={() => void session.refetch()} />
      </main>
    );
  }
  if (session.data && !signIn.isError) return children;
  const refused = signIn.error instanceof ApiError ? signIn.error : null;
  return <SignIn refused={refused} onToken={(token) => signIn.mutate(token)} />;
}
