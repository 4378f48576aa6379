"""What schemathesis cannot know of by itself."""

from datetime import datetime

import schemathesis
from hypothesis import strategies

# A body of lines goes out as it is.
schemathesis.serializer.alias("application/x-ndjson", "text/plain")

# A result's date lies between the year 2000 and tomorrow; where tomorrow is, no schema can say.
dates = strategies.datetimes(min_value=datetime(2000, 1, 2), max_value=datetime(2025, 12, 31))
schemathesis.openapi.format("date-time", dates.map(lambda at: at.isoformat(timespec="milliseconds") + "Z"))
