import { useQuery } from "@tanstack/react-query";
import { api, bodyOf } from "../api/client";

/** What usage is put together by beside days. */
export type Group = "model" | "project" | "user";

const DAY_MS = 86_400_000;

/** Usage of the last days, today included, in UTC as the API counts. */
export function useUsage(days: number, groupBy: "day" | Group) {
  return useQuery({
    queryKey: ["usage", days, groupBy],
    queryFn: () => {
      const from = new Date(Date.now() - (days - 1) * DAY_MS).toISOString().slice(0, 10);
      return bodyOf(api.GET("/api/usage", { params: { query: { from, group_by: groupBy } } }));
    },
    placeholderData: (previous) => previous,
  });
}
