/** Which sentences of a passage an answer took over, word for word. */

export interface Piece {
  text: string;
  isQuoted: boolean;
}

const BETWEEN_SENTENCES = /(?<=[.!?]["')\]]*\s+)(?=\S)|(?<=\n\s*\n)(?=\S)/;
/** Shorter ones, such as a number in a list, stand in any text. */
const LEAST_LETTERS = 16;

/** The passage in pieces, in order and whole; neighbours of one kind are one piece. */
export function quotedPieces(passage: string, answer: string): Piece[] {
  const said = plain(answer);
  const pieces: Piece[] = [];
  for (const text of passage.split(BETWEEN_SENTENCES)) {
    const words = plain(text);
    const isQuoted = words.length >= LEAST_LETTERS && said.includes(words);
    const last = pieces.at(-1);
    if (last?.isQuoted === isQuoted) last.text += text;
    else pieces.push({ text, isQuoted });
  }
  return pieces;
}

/** Letters and digits alone: markup, numbers of citations and line breaks differ between a passage and an answer. */
function plain(text: string): string {
  return text
    .replace(/\[\d+\]/g, "")
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim()
    .toLowerCase();
}
