/** The documents that the double answers from. */
import type { Document } from "../../src/api/types";

export interface Page {
  document: Document;
  heading: string[];
  page: number | null;
  text: string;
}

function document(id: string, path: string, title: string, rest: Partial<Document> = {}): Document {
  return {
    id,
    collection: "handbook",
    source: "handbook",
    path,
    title,
    bytes: 48_200 + id.length * 9_731,
    pages: path.endsWith(".pdf") ? 6 : null,
    chunks: 14,
    acl: ["team:company"],
    deny: [],
    state: "indexed",
    error: null,
    updated_at: new Date(Date.now() - 3 * 86_400_000).toISOString(),
    traits: null,
    ...rest,
  };
}

const travel = document("doc-travel", "policies/travel-policy.pdf", "Travel Policy");
const lab = document("doc-lab", "safety/laboratory-safety.docx", "Laboratory Safety");

export const documents: Document[] = [
  travel,
  lab,
  document("doc-leave", "hr/parental-leave.md", "Parental Leave", { acl: ["group:hr", "team:company"] }),
  document("doc-budget", "finance/budget-2027.xlsx", "Budget 2027", {
    acl: ["group:finance"],
    deny: ["group:contractors"],
    chunks: 3,
  }),
  document("doc-scan", "archive/scan-0413.pdf", "scan-0413.pdf", {
    state: "failed",
    chunks: null,
    pages: null,
    error: "The file is encrypted. Save it without a password and add it again.",
  }),
  document("doc-broken", "archive/minutes-old.docx", "minutes-old.docx", {
    state: "failed",
    chunks: null,
    pages: null,
    error: "This is not a Word document: the file is cut off after 2,048 bytes.",
  }),
];

export const pages: Page[] = [
  {
    document: travel,
    heading: ["Travel Policy", "Rail and air", "Class of travel"],
    page: 3,
    text:
      "A journey is planned by whoever makes it and approved by whoever pays for it.\n\n".repeat(24) +
      "Rail is preferred to air for every journey of less than five hours door to door.\n\n" +
      "Employees travel second class by rail. First class may be booked for journeys of more than three hours when the fare is at most 30 percent above second class. " +
      "Business class by air is allowed on flights of more than seven hours and needs the approval of the department head.\n\n" +
      "Upgrades paid with private points are allowed at any time and need no approval.",
  },
  {
    document: lab,
    heading: ["Laboratory Safety", "Personal protection"],
    page: null,
    text:
      "Everybody who enters a laboratory of class B2 or higher is instructed once a year.\n\n" +
      "Safety glasses, a closed lab coat and nitrile gloves are worn at all times in rooms of class B2. " +
      "Gloves are changed at least every two hours, and at once after contact with a solvent.\n\n" +
      "Visitors are lent glasses and a coat at the reception and are never left alone.",
  },
];
