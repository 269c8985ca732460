#!/usr/bin/env bash
# AWS CLI: a photo with the user's own credentials from the identity pool. Prints the object's key.
set -euo pipefail
photo=$1
login="cognito-idp.$AWS_REGION.amazonaws.com/$USER_POOL=$TOKEN"
identity=$(aws cognito-identity get-id --identity-pool-id "$IDENTITY_POOL" --logins "$login" \
  --query IdentityId --output text --no-sign-request)
read -r AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN < <(
  aws cognito-identity get-credentials-for-identity --identity-id "$identity" --logins "$login" \
    --query 'Credentials.[AccessKeyId,SecretKey,SessionToken]' --output text --no-sign-request)
export AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
key="user-uploads/$USER_SUB/$(basename "$photo")"
aws s3 cp "$photo" "s3://$BUCKET/$key" --only-show-errors
echo "$key"
