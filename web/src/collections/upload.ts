/** Send files into a collection. By XMLHttpRequest, because fetch does not tell how far an upload has come. */
import { csrfHeader } from "../api/client";
import { UNREACHABLE, ApiError, errorFrom } from "../api/errors";
import type { Upload } from "../api/types";

interface UploadRequest {
  collection: string;
  files: File[];
  /** Names of groups, separated by commas; empty is the collection's default right. */
  groups: string;
  onProgress: (part: number) => void;
}

/** Throws ApiError. Files of a folder keep their path in it. */
export function upload({ collection, files, groups, onProgress }: UploadRequest): Promise<Upload> {
  const form = new FormData();
  if (groups.trim()) form.append("groups", groups.trim());
  for (const file of files) form.append("files", file, file.webkitRelativePath || file.name);

  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", `/api/collections/${encodeURIComponent(collection)}/documents`);
    for (const [name, value] of Object.entries(csrfHeader())) request.setRequestHeader(name, value);
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 0);
    request.onerror = () => reject(new ApiError(UNREACHABLE, 0));
    request.onload = () => {
      if (request.status < 300) resolve(request.response as Upload);
      else reject(errorFrom(request.response, request.status));
    };
    request.send(form);
  });
}
