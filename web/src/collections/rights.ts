/** Access tags such as `group:hr`, in words. */
interface Right {
  tag: string;
  /** What kind of readers; empty for everybody. */
  kind: string;
  name: string;
  shutsOut: boolean;
}

const KINDS: Record<string, string> = { user: "person" };

export function rightsOf({ acl, deny }: { acl: string[]; deny: string[] }): Right[] {
  const right = (tag: string, shutsOut: boolean): Right => {
    const [kind = "", ...rest] = tag.split(":");
    const name = rest.join(":");
    const words = name ? (KINDS[kind] ?? kind) : "";
    return {
      tag: shutsOut ? `-${tag}` : tag,
      kind: shutsOut ? `not ${words}`.trim() : words,
      name: name || "everybody",
      shutsOut,
    };
  };
  return [...acl.map((tag) => right(tag, false)), ...deny.map((tag) => right(tag, true))];
}
