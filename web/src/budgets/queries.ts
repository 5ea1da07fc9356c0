import { useQuery } from "@tanstack/react-query";
import { api, bodyOf } from "../api/client";

const AGAIN_MS = 15_000;

export function useBudgets() {
  return useQuery({
    queryKey: ["budgets"],
    queryFn: () => bodyOf(api.GET("/api/budgets")),
    refetchInterval: AGAIN_MS,
  });
}
