/** Figures and raw texts as the columns show them. */

export function formatMs(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

export const formatRate = (perSecond: number): string => `${perSecond < 10 ? perSecond.toFixed(1) : Math.round(perSecond)}/s`;

const BASE64 = /[A-Za-z0-9+/=]{400,}/g;
const SHOWN = 40;

/** Long data, such as an image's, is cut for the eye; what is copied or sent is not. */
export function elided(text: string): string {
  return text.replace(BASE64, (data) => `${data.slice(0, SHOWN)}… ${data.length - SHOWN} more characters`);
}

/** JSON laid out, or the text as it is. */
export function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

/** Whether a text is a JSON object or list, as structured outputs are. */
export function isJson(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

export type Token = { kind: "key" | "text" | "value" | "plain"; text: string };

const JSON_TOKENS = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** JSON cut into what is coloured apart. */
export function jsonTokens(json: string): Token[] {
  const tokens: Token[] = [];
  let from = 0;
  for (const match of json.matchAll(JSON_TOKENS)) {
    if (match.index > from) tokens.push({ kind: "plain", text: json.slice(from, match.index) });
    const [whole, quoted, colon] = match;
    if (quoted === undefined) tokens.push({ kind: "value", text: whole });
    else {
      tokens.push({ kind: colon === undefined ? "text" : "key", text: quoted });
      if (colon) tokens.push({ kind: "plain", text: colon });
    }
    from = match.index + whole.length;
  }
  if (from < json.length) tokens.push({ kind: "plain", text: json.slice(from) });
  return tokens;
}
