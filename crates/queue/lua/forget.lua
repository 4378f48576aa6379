-- Forgets the gate, the limits and the calls of a connector that is removed. Its jobs stay.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: connector
-- Returns: nothing of interest
local connector = ARGV[2]
redis.call('HDEL', K.gates, connector)
redis.call('HDEL', K.limits, connector)
redis.call('HDEL', K.learned, connector)
redis.call('HDEL', K.pauses, 'connector:' .. connector)
redis.call('ZREM', K.pause_ends, 'connector:' .. connector)
redis.call('SREM', K.slot_waits, connector)
-- The calls stay: Docebo goes on counting them should the connector come back.
release_holds(connector)
return 1
