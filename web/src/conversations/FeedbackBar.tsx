/** What the reader thinks of an answer. Each change is kept as a fact. */
import type { Feedback, Message } from "../api/types";
import { IconButton } from "../kit/Button";
import { CommentButton } from "./CommentButton";
import { ReactionButton } from "./ReactionButton";
import { useFeedback } from "./queries";

const NONE: Feedback = { rating: null, emoji: null, comment: null };

export function FeedbackBar({ conversationId, message }: { conversationId: string; message: Message }) {
  const feedback = message.feedback ?? NONE;
  const save = useFeedback(conversationId, message.id);
  const change = (part: Partial<Feedback>) => save.mutate({ ...feedback, ...part });
  const rate = (rating: "up" | "down") => change({ rating: feedback.rating === rating ? null : rating });
  return (
    <>
      <IconButton small icon="up" label="Good answer" aria-pressed={feedback.rating === "up"} onClick={() => rate("up")} />
      <IconButton
        small
        icon="thumbDown"
        label="Bad answer"
        aria-pressed={feedback.rating === "down"}
        onClick={() => rate("down")}
      />
      <ReactionButton emoji={feedback.emoji ?? null} onReact={(emoji) => change({ emoji })} />
      <CommentButton comment={feedback.comment ?? null} onComment={(comment) => change({ comment })} />
      <span role="status" className="unseen">
        {save.isSuccess ? "Your feedback is kept." : save.isError ? "Your feedback could not be kept." : ""}
      </span>
    </>
  );
}
