// Uppy: each file that it is given by an upload URL. `user.token()` gives a fresh token, since people leave pages open.
import Uppy from "@uppy/core";
import AwsS3 from "@uppy/aws-s3";

async function sign(endpoint, user, contentType) {
  const headers = { Authorization: `Bearer ${await user.token()}` };
  const asked = await fetch(endpoint, { method: "POST", headers, body: JSON.stringify({ content_type: contentType }) });
  const issued = await asked.json();
  if (!asked.ok) throw new Error(issued.error?.message ?? issued.message);
  return { url: issued.upload_url, key: issued.file_path, headers: issued.headers };
}

export function uploader(endpoint, user) {
  const signRequest = ({ contentType }) => sign(endpoint, user, contentType);
  return new Uppy().use(AwsS3, { shouldUseMultipart: false, signRequest });
}
