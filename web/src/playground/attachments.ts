/** Files that go with a message. */
import type { Attachment } from "./draft";

export const ACCEPTED = "image/png,image/jpeg,image/webp,image/gif,audio/wav,audio/x-wav,audio/mpeg";

/** Throws for what no form can carry. */
export async function readAttachment(file: File): Promise<Attachment> {
  if (!ACCEPTED.split(",").includes(file.type)) {
    throw new Error(`“${file.name}” is ${file.type || "of no known type"}. PNG, JPEG, WebP, GIF, WAV and MP3 can be attached.`);
  }
  const kind = file.type.startsWith("image/") ? "image" : "audio";
  return { kind, name: file.name, type: file.type, data: await base64Of(file) };
}

/** The files that a paste or a drop brings, if any. */
export const filesIn = (data: DataTransfer): File[] => Array.from(data.files);

function base64Of(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(typeof reader.result === "string" ? reader.result.replace(/^[^,]*,/, "") : "");
    reader.onerror = () => reject(new Error(`“${file.name}” could not be read.`));
    reader.readAsDataURL(file);
  });
}
