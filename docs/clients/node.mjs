// Node: a photo by sdk.mjs. Prints the object's key.
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { upload } from "./sdk.mjs";

const { AWS_ENDPOINT_URL, AWS_REGION, USER_POOL, IDENTITY_POOL, BUCKET, USER_SUB, TOKEN } = process.env;
const pools = { userPool: USER_POOL, identityPool: IDENTITY_POOL };
const stack = { region: AWS_REGION, endpoint: AWS_ENDPOINT_URL, bucket: BUCKET, ...pools };
const [, , photo] = process.argv;
const user = { sub: USER_SUB, token: TOKEN };
console.log(await upload(stack, user, basename(photo), await readFile(photo), "image/jpeg"));
