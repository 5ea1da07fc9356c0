/** What a screen reader is told of an answer that is being written: whole sentences, each once. */

const SENTENCE_END = /[.!?:](?:\s*\[\d+\])*["')\]]*(?=\s)|\n+/g;

/** The text from `from` up to the last sentence that is complete, without markup, and where to go on. */
export function nextSentences(text: string, from: number, complete: boolean): { say: string; upTo: number } {
  let upTo = from;
  if (complete) upTo = text.length;
  else {
    SENTENCE_END.lastIndex = from;
    for (let end = SENTENCE_END.exec(text); end; end = SENTENCE_END.exec(text)) upTo = SENTENCE_END.lastIndex;
  }
  return { say: spoken(text.slice(from, upTo)), upTo };
}

function spoken(markdown: string): string {
  return markdown
    .replace(/\[(\d+)\]/g, "")
    .replace(/[*_`#>|]+/g, " ")
    .replace(/\s+([.,;:!?])/g, "$1")
    .replace(/\s+/g, " ")
    .trim();
}
