/** The nouns of the API, under the names that the page uses. They come from the OpenAPI document. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type User = Schemas["User"];
export type Session = Schemas["Session"];
export type Catalog = Schemas["Catalog"];
export type CatalogAssistant = Schemas["CatalogAssistant"];
export type CatalogModel = Schemas["CatalogModel"];
export type Conversation = Schemas["Conversation"];
export type ConversationDetail = Schemas["ConversationDetail"];
export type Message = Schemas["Message"];
export type Citation = Schemas["Citation"];
export type Feedback = Schemas["Feedback"];
export type Collection = Schemas["Collection"];
export type Document = Schemas["Document"];
export type Job = Schemas["Job"];
export type PassageView = Schemas["PassageView"];
export type UsageBucket = Schemas["UsageBucket"];
export type UsageReport = Schemas["UsageReport"];
export type Upload = Schemas["Upload"];
