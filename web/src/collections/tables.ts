/** Tables in the text of a document: lines of cells between bars, as parsers write them. */

export type Block = { kind: "text"; text: string } | { kind: "table"; head: string[]; rows: string[][] };

const ROW = /^\s*\|.*\|\s*$/;
const RULE = /^:?-+:?$/;

/** The text cut where a table of two lines or more begins and ends. A table that was cut off from its head has none. */
export function blocksOf(text: string): Block[] {
  const lines = text.split("\n");
  const blocks: Block[] = [];
  let plain: string[] = [];
  const endPlain = () => {
    const words = plain.join("\n").replace(/^\n+|\s+$/g, "");
    if (words) blocks.push({ kind: "text", text: words });
    plain = [];
  };
  for (let i = 0; i < lines.length;) {
    let end = i;
    while (ROW.test(lines[end] ?? "")) end += 1;
    if (end - i < 2) {
      plain.push(lines[i] ?? "");
      i += 1;
      continue;
    }
    endPlain();
    blocks.push(tableOf(lines.slice(i, end)));
    i = end;
  }
  if (blocks.length === 0) return [{ kind: "text", text }];
  endPlain();
  return blocks;
}

function tableOf(lines: string[]): Block {
  const rows = lines.map(cellsOf);
  const isRule = (row: string[] | undefined) => row?.every((cell) => RULE.test(cell)) ?? false;
  const head = isRule(rows[1]) ? (rows[0] ?? []) : [];
  return { kind: "table", head, rows: rows.slice(head.length ? 2 : 0).filter((row) => !isRule(row)) };
}

const cellsOf = (line: string): string[] =>
  line
    .trim()
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));
