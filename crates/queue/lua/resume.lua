-- Ends a pause.
-- KEYS  1: data
-- ARGV  1: now in ms or 0; 2: target
-- Returns: 1 if it was paused
return end_pause(ARGV[2], now_ms(ARGV[1])) and 1 or 0
