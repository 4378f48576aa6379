-- Opens a connector's gate because it was shown to work, or may work now: one job goes first.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: connector
-- Returns: 1 if it was closed
local now = now_ms(ARGV[1])
local connector = ARGV[2]
local g = read_gate(connector)
local was_closed = g and g.state == 'closed'
if was_closed then
  g.failures = 0
  start_ramp(connector, g, now)
end
redis.call('SREM', K.slot_waits, connector)
release_holds(connector)
return was_closed and 1 or 0
