"""boto3: a photo with the user's own credentials from the identity pool. Prints the object's key."""

import os
import sys
from pathlib import Path

import boto3
from botocore import UNSIGNED
from botocore.config import Config

NAMES = {"AccessKeyId": "aws_access_key_id", "SecretKey": "aws_secret_access_key", "SessionToken": "aws_session_token"}
photo = Path(sys.argv[1])
pool = boto3.client("cognito-identity", config=Config(signature_version=UNSIGNED))
logins = {f"cognito-idp.{os.environ['AWS_REGION']}.amazonaws.com/{os.environ['USER_POOL']}": os.environ["TOKEN"]}
identity = pool.get_id(IdentityPoolId=os.environ["IDENTITY_POOL"], Logins=logins)["IdentityId"]
given = pool.get_credentials_for_identity(IdentityId=identity, Logins=logins)["Credentials"]
s3 = boto3.client("s3", **{NAMES[name]: given[name] for name in NAMES})
key = f"user-uploads/{os.environ['USER_SUB']}/{photo.name}"
s3.upload_file(photo, os.environ["BUCKET"], key, ExtraArgs={"ContentType": "image/jpeg"})
print(key)
