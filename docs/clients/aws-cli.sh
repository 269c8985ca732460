#!/usr/bin/env bash
# AWS CLI: a photo with the user's own credentials from the identity pool. Prints the object's key.
set -euo pipefail
login="cognito-idp.$AWS_REGION.amazonaws.com/$USER_POOL=$TOKEN"
cognito() { aws cognito-identity "$@" --logins "$login" --output text --no-sign-request; }
identity=$(cognito get-id --identity-pool-id "$IDENTITY_POOL" --query IdentityId)
read -r AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN < <(cognito get-credentials-for-identity \
  --identity-id "$identity" --query 'Credentials.[AccessKeyId,SecretKey,SessionToken]')
export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
key="user-uploads/$USER_SUB/$(basename "$1")"
aws s3 cp "$1" "s3://$BUCKET/$key" --only-show-errors
echo "$key"
