-- Reads jobs as they are at one moment, living or finished.
-- KEYS  1: data
-- ARGV  ids
-- Returns a flat list, 4 per job: data, meta, history, finished record; each '' if there is none
local records = {}
local running = #ARGV > 0 and running_metas(ARGV) or {}
for _, id in ipairs(ARGV) do
  records[#records + 1] = redis.call('HGET', K.data, id) or ''
  records[#records + 1] = redis.call('HGET', K.meta, id) or running[id] or ''
  records[#records + 1] = redis.call('HGET', K.history, id) or ''
  records[#records + 1] = redis.call('HGET', bucket_of(id), id) or ''
end
return records
