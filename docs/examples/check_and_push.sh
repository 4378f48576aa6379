#!/usr/bin/env bash
# Asks whether a candidate may sit an exam, then hands in a result, with nothing but curl.
#
#   PASSBACK_URL=http://127.0.0.1:8080 PASSBACK_TOKEN=… \
#     ./check_and_push.sh EXAM_ID EMAIL RESULT_ID SCORE_PERCENT COMPLETED_AT
#
# Ends with 0 once passback has the result: from then on it is delivered, whatever happens. The answers are printed to
# stdout as they come, one JSON document a line. COMPLETED_AT is RFC 3339 with a zone, such as 2026-11-20T09:30:11Z.
set -euo pipefail

url=${PASSBACK_URL:-http://127.0.0.1:8080}
token=${PASSBACK_TOKEN:?set PASSBACK_TOKEN to a token of the role ingest}
if (($# != 5)); then
  echo "usage: $0 EXAM_ID EMAIL RESULT_ID SCORE_PERCENT COMPLETED_AT" >&2
  exit 2
fi
exam=$1 email=$2 result=$3 score=$4 completed_at=$5
# They are put into JSON as they are.
if [[ "$*" == *[\"\\]* ]]; then
  echo "$0: no argument may hold a quote or a backslash" >&2
  exit 2
fi

# The token goes in by stdin: what stands on a command line can be read by everybody on the machine.
# No connection, no answer in time, 408, 429, 500, 502, 503 and 504 are tried again, and not before Retry-After where that
# is sent. That is safe: asking twice gets the same job, and a result is known by its id. A connection that breaks off
# after it was made ends the script, with curl's error: run it again, with the same RESULT_ID. (--retry-all-errors would
# try that again, too, but any 4xx as well.)
call() {
  printf 'header = "Authorization: Bearer %s"\n' "$token" |
    curl --config - --silent --show-error --fail-with-body --retry 8 --retry-connrefused --retry-max-time 120 \
      --max-time 40 --header 'Content-Type: application/json' "$@"
}

# 1. May she sit the exam? The answer is final within a few seconds, or there is a place to ask again.
headers=$(mktemp)
trap 'rm -f "$headers"' EXIT
# A refusal is printed, too, and ends the script.
told() {
  answer=$(call "$@") || {
    code=$?
    printf '%s\n' "$answer" >&2
    exit "$code"
  }
}
told --dump-header "$headers" --header 'Prefer: wait=8' \
  --data "{\"exam_id\":\"$exam\",\"email\":\"$email\"}" "$url/v1/eligibility-checks"
while place=$(sed -n 's/^[Ll]ocation: *\([^[:cntrl:]]*\).*/\1/p' "$headers") && [[ -n $place && $answer == *'"waiting"'* ]]; do
  told --header 'Prefer: wait=8' "$url$place"
done
printf '%s\n' "$answer"
# `unverified` is no refusal: Docebo could not be asked. What that means for the candidate is the exam engine's decision.
if [[ $answer == *'"answer":"not_eligible"'* ]]; then
  exit 1
fi

# 2. She passed. 202 the first time, 200 whenever the same result is sent again.
call --header "Idempotency-Key: $result" \
  --data "{\"exam_id\":\"$exam\",\"email\":\"$email\",\"outcome\":\"passed\",\"score_percent\":$score,\"completed_at\":\"$completed_at\"}" \
  "$url/v1/results"
echo
