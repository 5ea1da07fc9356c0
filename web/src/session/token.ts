/** The one-time token of a sign-in link, whole or pasted alone; empty when there is none. */
export function tokenOf(linkOrToken: string): string {
  const text = linkOrToken.trim();
  const match = /[?&]token=([^&#\s]+)/.exec(text);
  if (match?.[1]) return decodeURIComponent(match[1]);
  return /[\s/?]/.test(text) ? "" : text;
}
