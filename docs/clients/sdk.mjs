// AWS SDK for JavaScript, in Node and in browsers: bytes with the user's own credentials from the identity pool.
import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { fromCognitoIdentityPool } from "@aws-sdk/credential-provider-cognito-identity";

export async function upload({ region, endpoint, userPool, identityPool, bucket }, { sub, token }, name, body, type) {
  const logins = { [`cognito-idp.${region}.amazonaws.com/${userPool}`]: token };
  const credentials = fromCognitoIdentityPool({ identityPoolId: identityPool, logins, clientConfig: { region, endpoint } });
  const key = `user-uploads/${sub}/${name}`;
  const put = new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentType: type });
  await new S3Client({ region, endpoint, credentials }).send(put);
  return key;
}
