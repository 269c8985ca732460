// Uploads a photo by one of the clients, in a browser, and reports what it gave.
import { upload as byFetch } from "./fetch.mjs";
import { upload as bySdk } from "./sdk.mjs";
import { uploader } from "./uppy.mjs";

const { client, api, sub, token, ...stack } = Object.fromEntries(new URLSearchParams(location.search));

const clients = {
  fetch: async (photo) => ({ image_id: await byFetch(api, photo, token) }),
  async sdk(photo) {
    const bytes = new Uint8Array(await photo.arrayBuffer());
    return { key: await bySdk(stack, { sub, token }, photo.name, bytes, photo.type) };
  },
  async uppy(photo) {
    const uppy = uploader(api, { token: async () => token });
    uppy.addFile({ name: photo.name, type: photo.type, data: photo });
    const { successful, failed } = await uppy.upload();
    if (failed.length > 0) throw new Error(failed[0].error);
    return { key: successful[0].response.body.key };
  },
};

try {
  const photo = new File([await (await fetch("/picture")).blob()], "photo.jpg", { type: "image/jpeg" });
  await report(await clients[client](photo));
} catch (error) {
  await report({ error: String(error) });
}

function report(seen) {
  return fetch("/report", { method: "POST", body: JSON.stringify(seen) });
}
