#!/usr/bin/env python3
"""Follows the feed of final answers and never misses one. Python's standard library only.

    PASSBACK_URL=http://127.0.0.1:8080 PASSBACK_TOKEN=... ./follow_feed.py CURSOR_FILE [EVENTS]

Reads server-sent events, prints each as a line of JSON, and then stores its cursor in CURSOR_FILE. After a cut, on
either side, it goes on behind that cursor; so an event may come twice (its `cursor` recognises it), and none is missed.
With EVENTS it ends after so many.
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
# The server sends a comment every 15 seconds; a connection that is silent for longer is dead.
SILENCE_SECONDS = 45


def deal_with(event):
    """What the exam engine does with an event. It may see the same one twice."""
    print(json.dumps(event), flush=True)


def stored_cursor(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except FileNotFoundError:
        return ""


def store_cursor(path, cursor):
    """Whole or not at all, also if the power fails."""
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.write(cursor)
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".new", path)


def events(stream):
    """Server-sent events: lines of `field: value`, an empty line ends an event, a line that begins with ':' says only
    that the connection lives. What has an id and no data is no event, but a place to come back to."""
    fields = {}
    for raw in stream:
        line = raw.decode().rstrip("\r\n")
        if not line:
            if "data" in fields or "id" in fields:
                yield fields
            fields = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            fields[name] = f"{fields[name]}\n{value}" if name == "data" and name in fields else value


def follow(path, left):
    """Reads until the connection ends; returns how many events are still wanted."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Accept": "text/event-stream"}
    cursor = stored_cursor(path)
    if cursor:
        headers["Last-Event-ID"] = cursor
    request = urllib.request.Request(URL + "/v1/events", headers=headers)
    with urllib.request.urlopen(request, timeout=SILENCE_SECONDS) as stream:
        for event in events(stream):
            if event.get("event") == "problem":
                raise SystemExit(event["data"])
            if "data" in event:
                deal_with(json.loads(event["data"]))
                left -= 1
            # Last: what was dealt with but not stored comes again, never the other way round.
            store_cursor(path, event["id"])
            if left <= 0:
                return left
    return left


def main():
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    path, left = sys.argv[1], float(sys.argv[2]) if len(sys.argv) == 3 else float("inf")
    failures = 0
    while left > 0:
        before = left
        try:
            left = follow(path, left)
        except urllib.error.HTTPError as error:
            if error.code == 410:
                raise SystemExit("events behind this cursor are gone: reconcile, then begin without a cursor") from None
            if error.code not in (408, 429) and error.code < 500:
                raise SystemExit(error.read().decode()) from None
        # The last two: a cut inside of a chunk, and inside of an event or an answer that is none of passback's.
        except (urllib.error.URLError, OSError, http.client.HTTPException, ValueError) as error:
            print(f"cut off ({error}); reconnecting", file=sys.stderr)
        failures = 0 if left < before else failures + 1
        if left > 0:
            time.sleep(random.uniform(0, min(30, 0.2 * 2**failures)))


if __name__ == "__main__":
    main()
