// Uppy: each file that it is given by an upload URL. `user.token()` gives a fresh token, since people leave pages open.
import Uppy from "@uppy/core";
import AwsS3 from "@uppy/aws-s3";

async function sign(endpoint, user, contentType) {
  const headers = { Authorization: `Bearer ${await user.token()}` };
  const asked = await fetch(endpoint, { method: "POST", headers, body: JSON.stringify({ content_type: contentType }) });
  const ticket = await asked.json();
  if (!asked.ok) throw new Error(ticket.error?.message ?? ticket.message);
  return { url: ticket.upload_url, key: ticket.file_path, headers: ticket.headers };
}

export function uploader(endpoint, user) {
  const signRequest = ({ contentType }) => sign(endpoint, user, contentType);
  return new Uppy().use(AwsS3, { shouldUseMultipart: false, signRequest });
}
