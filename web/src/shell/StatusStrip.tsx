/** Who is signed in, the theme, and the way out. */
import { Button, IconButton } from "../kit/Button";
import { useSession, useSignOut } from "../session/queries";
import { THEMES, useTheme } from "./theme";
import styles from "./StatusStrip.module.css";

const THEME_ICONS = { system: "auto", light: "light", dark: "dark" } as const;

export function StatusStrip() {
  const { data: session } = useSession();
  const signOut = useSignOut();
  const [theme, setTheme] = useTheme();
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "system";
  const user = session?.user;

  return (
    <div className={styles.strip}>
      {user && (
        <p className={styles.user} title={`${user.name}, ${user.roles.join(", ")}`}>
          <span className="unseen">Signed in as </span>
          <span className={styles.name}>{user.display_name || user.name}</span>
          <span className={styles.team}>{user.team}</span>
        </p>
      )}
      <IconButton icon={THEME_ICONS[theme]} label={`Theme: ${theme}. Change to ${next}`} onClick={() => setTheme(next)} />
      <Button className={styles.out} icon="leave" disabled={signOut.isPending} onClick={() => signOut.mutate()}>
        <span>Sign out</span>
      </Button>
    </div>
  );
}
