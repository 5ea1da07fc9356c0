/** The mark: a porch of three columns under a painted beam. */
export function Mark({ size = 26 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 26 26" aria-hidden="true">
      <path d="M3 3h20v3.200H3z" fill="var(--ochre)" />
      <path
        d="M5 7.800h3.600V20H5zM11.200 7.800h3.600V20h-3.600zM17.400 7.800H21V20h-3.600zM3 21.400h20v2.100H3z"
        fill="var(--blue)"
      />
    </svg>
  );
}
