/** The nouns of the API, under the names that the page uses. They come from the OpenAPI document. */
import type { components } from "./schema";

type Schemas = components["schemas"];

export type User = Schemas["UserView"];
export type Session = Schemas["SessionView"];
export type Catalog = Schemas["Catalog"];
export type CatalogAssistant = Schemas["CatalogAssistant"];
export type CatalogModel = Schemas["CatalogModel"];
export type Conversation = Schemas["ConversationView"];
export type ConversationDetail = Schemas["ConversationDetail"];
export type Message = Schemas["MessageView"];
export type Citation = Schemas["CitationView"];
export type SentenceCheck = Schemas["SentenceView"];
export type Feedback = Schemas["FeedbackForm"];
export type Collection = Schemas["CollectionView"];
export type Document = Schemas["DocumentView"];
export type Job = Schemas["JobView"];
export type Source = Schemas["SourceView"];
export type SourceDetail = Schemas["SourceDetail"];
export type SourceSync = Schemas["SourceSyncView"];
export type DocumentVersion = Schemas["VersionView"];
export type FoundPassage = Schemas["FoundPassage"];
export type ChunkPage = Schemas["ChunkPage"];
export type Chunk = Schemas["ChunkView"];
export type PassageLink = Schemas["PassageLinkView"];
export type EvaluationSet = Schemas["EvaluationSetView"];
export type EvaluationItem = Schemas["ItemView"];
export type Judgement = Schemas["NewJudgement"];
export type EvaluationScores = Schemas["ScoreView"];
export type CollectionUsage = Schemas["CollectionUsage"];
export type OpenedCitation = Schemas["OpenedCitation"];
export type UsageBucket = Schemas["UsageBucketView"];
export type UsageReport = Schemas["UsageReport"];
export type Budget = Schemas["BudgetView"];
export type UsageRequest = Schemas["RequestView"];
export type Trace = Schemas["TraceView"];
export type TraceDecision = Schemas["DecisionView"];
export type TraceContent = Schemas["ContentView"];
export type Upload = Schemas["Uploaded"];
export type Targets = Schemas["Targets"];
export type Target = Schemas["TargetView"];
export type RouteExplanation = Schemas["RouteExplanation"];
export type TriedGuardrail = Schemas["TriedView"];
export type Change = Schemas["ChangeView"];
export type Replay = Schemas["ReplayView"];
/** A resource as it was applied: fields that have their default are left out. */
export type ResourceFields = { kind: string; name: string } & Record<string, unknown>;
