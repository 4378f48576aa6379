#!/usr/bin/env python3
"""Asks whether a candidate may sit an exam, then hands in a result. Python's standard library only.

    PASSBACK_URL=http://127.0.0.1:8080 PASSBACK_TOKEN=... \\
        ./check_and_push.py EXAM_ID EMAIL RESULT_ID SCORE_PERCENT COMPLETED_AT

Ends with 0 once passback has the result: from then on it is delivered, whatever happens.
COMPLETED_AT is RFC 3339 with a zone, such as 2026-11-20T09:30:11Z.
"""

import http.client
import json
import os
import random
import sys
import time
import urllib.error
import urllib.request

URL = os.environ.get("PASSBACK_URL", "http://127.0.0.1:8080")
TOKEN = os.environ.get("PASSBACK_TOKEN") or sys.exit("set PASSBACK_TOKEN to a token of the role ingest")
TRIES = 10
TIMEOUT_SECONDS = 40


class Refused(Exception):
    """passback says no: trying again does not help, mending the request does."""

    def __init__(self, problem):
        faults = [
            f"{error.get('pointer') or error.get('parameter') or error.get('header')}: {error['problem']}; {error['fix']}"
            for error in problem.get("errors", [])
        ]
        super().__init__(f"{problem['code']}: {'; '.join(faults) or problem['detail']}")


def problem_of(error):
    """The problem of a refusal; a proxy in between may refuse in its own words."""
    try:
        problem = json.load(error)
        return {**problem, "code": problem["code"], "detail": problem["detail"]}
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return {"code": f"HTTP {error.code}", "detail": "the answer is not passback's; is there a proxy in between?"}


def seconds(retry_after):
    """What `Retry-After` says, if it is a number, as passback's always is."""
    return float(retry_after) if retry_after and retry_after.isdecimal() else 0.0


def call(method, path, body=None, headers=None):
    """One call, tried again as long as no answer says what became of it.

    No answer at all, 408, 429 and 5xx mean: send it again. That is safe, for a check that is asked twice gets the same job,
    and a result is known by its id.
    """
    data = None if body is None else json.dumps(body).encode()
    headers = {
        "Authorization": f"Bearer {TOKEN}",
        "Content-Type": "application/json",
        **(headers or {}),
    }
    for attempt in range(TRIES):
        # Full jitter: a thousand clients that were cut off together do not come back together.
        pause = random.uniform(0, min(30, 0.2 * 2**attempt))
        try:
            request = urllib.request.Request(URL + path, data, headers, method=method)
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
                return answer.status, answer.headers, json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code not in (408, 429) and error.code < 500:
                raise Refused(problem_of(error)) from None
            pause = max(pause, seconds(error.headers.get("Retry-After")))
        # The last two: a cut in the midst of the answer, and an answer that is no JSON, so not passback's.
        except (urllib.error.URLError, OSError, http.client.HTTPException, ValueError):
            pass
        time.sleep(pause)
    raise SystemExit("passback cannot be reached; keep the result and try again later")


def check(exam_id, email):
    """Final within a few seconds, or asked for again."""
    status, headers, seen = call(
        "POST", "/v1/eligibility-checks", {"exam_id": exam_id, "email": email}, {"Prefer": "wait=8"}
    )
    place = headers.get("Location")
    while status == 202 or seen["state"] != "final":
        status, _, seen = call("GET", place, headers={"Prefer": "wait=8"})
    return seen


def main():
    if len(sys.argv) != 6:
        raise SystemExit(__doc__)
    exam_id, email, result_id, score, completed_at = sys.argv[1:]
    try:
        score = float(score)
    except ValueError:
        raise SystemExit(f"SCORE_PERCENT: {score!r} is no number") from None
    answer = check(exam_id, email)
    print(f"check: {answer['answer']} ({answer['title']})")
    # `unverified` is no refusal: Docebo could not be asked. What that means is the exam engine's decision.
    if answer["answer"] == "not_eligible":
        raise SystemExit("\n".join(answer["resolution"]))
    result = {
        "exam_id": exam_id,
        "email": email,
        "outcome": "passed",
        "score_percent": score,
        "completed_at": completed_at,
    }
    # The header does what the field `result_id` does: the same key and content again is the same result.
    status, _, receipt = call("POST", "/v1/results", result, {"Idempotency-Key": result_id})
    print(f"push: {receipt['status']} ({status}) as {receipt['result_id']}")


if __name__ == "__main__":
    try:
        main()
    except Refused as refused:
        raise SystemExit(str(refused)) from None
