// A page without any library: a file by an upload URL. Gives its image id.
export async function upload(endpoint, file, token) {
  const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
  const request = { content_type: file.type, content_length: file.size, write_once: true };
  const asked = await fetch(endpoint, { method: "POST", headers, body: JSON.stringify(request) });
  const issued = await asked.json();
  if (!asked.ok) throw new Error(issued.error?.message ?? issued.message);
  const sent = { ...issued.headers, ...issued.optional_headers };
  const put = await fetch(issued.upload_url, { method: "PUT", headers: sent, body: file });
  if (!put.ok) throw new Error(`upload refused with status ${put.status}`);
  return issued.image_id;
}
