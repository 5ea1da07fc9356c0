/** From usage to budgets and back, for those who may see both. */
import { useLocation } from "wouter";
import { NavTabs } from "../kit/NavTabs";
import { useRights } from "../session/queries";

const TABS = [
  { href: "/usage", name: "Usage" },
  { href: "/usage/budgets", name: "Budgets" },
];

export function Tabs() {
  const [path] = useLocation();
  if (!useRights().see_budgets) return null;
  return <NavTabs label="Usage and budgets" tabs={TABS} open={path} />;
}
