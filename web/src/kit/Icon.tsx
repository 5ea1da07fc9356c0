/** The page's icons: strokes on a grid of 20, in the colour of the text beside them. */

const PATHS = {
  add: "M10 4v12M4 10h12",
  search: "M9 15A6 6 0 1 0 9 3a6 6 0 0 0 0 12ZM13.500 13.500 17 17",
  more: "M4.500 10h.01M10 10h.01M15.500 10h.01",
  edit: "M12.500 4.500l3 3L7 16H4v-3l8.500-8.500Z",
  remove: "M4 6h12M8 6V4h4v2M5.500 6l.8 10h7.400l.8-10M8.500 9v4M11.500 9v4",
  download: "M10 3v9M6.500 8.500 10 12l3.500-3.500M4 16h12",
  upload: "M10 13V4M6.500 7.500 10 4l3.500 3.500M4 16h12",
  copy: "M7 7V4h9v9h-3M4 7h9v9H4z",
  check: "M4 10.500 8 14.500 16 6",
  again: "M15.500 7A6.200 6.200 0 1 0 16 11.500M16 3.500V7.500h-4",
  stop: "M6 6h8v8H6z",
  send: "M10 16V4M5 9l5-5 5 5",
  down: "M5 8l5 5 5-5",
  rise: "M5 12l5-5 5 5",
  up: "M7.500 9 10 3.500c1.500 0 2.200 1 1.800 2.600L11.300 8.500h3.600c1 0 1.600.9 1.300 1.800l-1.300 4.600c-.2.7-.7 1.100-1.400 1.100h-6M7.500 9v7M4 9h3.500v7H4z",
  thumbDown:
    "M12.500 11 10 16.500c-1.500 0-2.200-1-1.800-2.600l.5-2.400H5.100c-1 0-1.600-.9-1.300-1.800l1.300-4.600C5.300 4.400 5.800 4 6.500 4h6M12.500 11V4M16 11h-3.500V4H16z",
  react: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM7.500 8.300h.01M12.500 8.300h.01M7 11.500c1.500 2.300 4.500 2.300 6 0",
  comment: "M4 4.500h12v9H9.500L6 16.500v-3H4z",
  close: "M5 5l10 10M15 5 5 15",
  file: "M5 3h6.500L15 6.500V17H5zM11 3v4h4",
  auto: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM10 3v14a7 7 0 0 0 0-14Z",
  light:
    "M10 13.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7ZM10 2v1.500M10 16.500V18M2 10h1.500M16.500 10H18M4.300 4.300l1.100 1.100M14.600 14.600l1.100 1.100M15.700 4.300l-1.100 1.100M5.400 14.600l-1.100 1.100",
  dark: "M16 11.500A6.500 6.500 0 0 1 8.500 4 6.500 6.500 0 1 0 16 11.500Z",
  leave: "M8 4H4v12h4M12.500 6.500 16 10l-3.500 3.500M16 10H8",
  list: "M4 5.500h12M4 10h12M4 14.500h7",
  conversations: "M3.500 4h13v9.500h-7L6 16.500v-3H3.500z",
  collections: "M3.500 5h3v11h-3zM8.500 5h3v11h-3zM13.300 5.600l2.900-.8 2.300 10.600-2.900.7z",
  usage: "M4 16V10M8 16V5M12 16v-8M16 16v-4M3 16.500h14",
  budgets: "M3.500 5.500h13v10h-13zM3.500 8.500h13M13 12.500h1.500",
  models: "M10 3l6.500 3.500L10 10 3.500 6.500zM3.500 10 10 13.500 16.500 10M3.500 13.500 10 17l6.500-3.500",
  routes: "M4 5.500h.01M4 5.500c6 0 5 9 12 9M4 14.500c6 0 5-9 12-9M13.500 3 16 5.500 13.500 8M13.500 12l2.500 2.500-2.500 2.500",
  providers: "M4 4h12v5H4zM4 11h12v5H4zM7 6.500h.01M7 13.500h.01",
  playground: "M3.5 4h5.500v12h-5.500zM11 4h5.500v12H11zM5.500 7.500h1.500M13 7.500h1.500M13 10.500h1.500",
  play: "M6.500 4.500v11l9-5.500z",
  attach:
    "M15.500 9.500 9.800 15.200a3.500 3.500 0 0 1-5-5L11 4a2.400 2.400 0 0 1 3.400 3.400l-6 6a1.200 1.200 0 0 1-1.700-1.700L12 6.400",
  open: "M11.500 4H16v4.500M16 4l-7 7M14 11v5H4V6h5",
  warning: "M10 3.500 17.500 16.500h-15zM10 8.500v3.500M10 14.300h.01",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth={name === "more" ? 2.2 : 1.5}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
