/** From requests to the datasets that are made of them and back, for those who may see both. */
import { useLocation } from "wouter";
import { NavTabs } from "../kit/NavTabs";
import { useRights } from "../session/queries";

const TABS = [
  { href: "/requests", name: "Requests" },
  { href: "/datasets", name: "Datasets" },
];

export function Tabs() {
  const [path] = useLocation();
  if (!useRights().see_datasets) return null;
  return <NavTabs label="Requests and datasets" tabs={TABS} open={path} />;
}
