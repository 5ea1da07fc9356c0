import { useEffect, useState } from "react";
import { IconButton } from "./Button";
import { copyText } from "./clipboard";

const SHOWN_MS = 1600;

export function CopyButton({ label, text }: { label: string; text: () => string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <>
      <IconButton
        small
        icon={copied ? "check" : "copy"}
        label={copied ? "Copied" : label}
        onClick={() => void copyText(text()).then(setCopied)}
      />
      <span role="status" className="unseen">
        {copied ? "Copied" : ""}
      </span>
    </>
  );
}
