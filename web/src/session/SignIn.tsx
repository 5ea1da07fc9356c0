import { type SubmitEvent, useState } from "react";
import type { ApiError } from "../api/errors";
import { Colonnade } from "../brand/Colonnade";
import { Mark } from "../brand/Mark";
import { Button } from "../kit/Button";
import { CopyButton } from "../kit/CopyButton";
import { tokenOf } from "./token";
import styles from "./SignIn.module.css";

const COMMAND = "stoa login";

interface SignInProps {
  refused: ApiError | null;
  onToken: (token: string) => void;
}

export function SignIn({ refused, onToken }: SignInProps) {
  const [link, setLink] = useState("");
  const [unreadable, setUnreadable] = useState(false);

  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const token = tokenOf(link);
    setUnreadable(!token);
    if (token) onToken(token);
  };

  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <p className={styles.brand}>
          <Mark size={30} /> Stoa
        </p>
        <h1>{refused ? "This link does not open the door" : "Sign in"}</h1>
        {refused && (
          <p role="alert" className={styles.refused}>
            {refused.message} A sign-in link works once and only for a short time.
          </p>
        )}
        <p>Where Stoa runs, ask for a {refused ? "new " : ""}link and open it in this browser:</p>
        <p className={styles.command}>
          <code>{COMMAND}</code>
          <CopyButton label="Copy the command" text={() => COMMAND} />
        </p>
        <form onSubmit={submit}>
          <label htmlFor="link">Or paste the link here</label>
          <div className={styles.paste}>
            <input
              id="link"
              value={link}
              autoComplete="off"
              spellCheck={false}
              placeholder={`${location.origin}/sign-in?token=…`}
              aria-invalid={unreadable}
              aria-describedby={unreadable ? "link-error" : undefined}
              onChange={(event) => setLink(event.target.value)}
            />
            <Button look="main" type="submit" disabled={!link.trim()}>
              Sign in
            </Button>
          </div>
          {unreadable && (
            <p id="link-error" role="alert" className={styles.refused}>
              This is not a sign-in link. It ends with <code>?token=</code> and a long word.
            </p>
          )}
        </form>
      </div>
      <Colonnade />
    </main>
  );
}
