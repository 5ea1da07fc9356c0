/** Where in a document a passage stands, in words: `Rail and air › Class of travel, page 3`. */
export function placeOf({ title, heading, page }: { title: string; heading: string[]; page: number | null }): string {
  const path = heading.filter((name, i) => i > 0 || name !== title).join(" › ");
  return [path, page === null ? "" : `page ${page}`].filter(Boolean).join(", ");
}
