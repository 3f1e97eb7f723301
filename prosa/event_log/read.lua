-- Read a user's events after a cursor, or say why that cannot be done without a gap.
--
-- KEYS   log, head
-- ARGV   1 = epoch of the cursor ('' = begin at the end), 2 = its number, 3 = most events to give,
--        4 = epoch for a log that is begun here, 5 = seconds a log lives
-- Gives  {'ok' | 'epoch_changed' | 'history_gone', epoch, newest number, {{id, {field, payload}}, ...}}
--
-- One script, because the head and the range must be of one moment: between two commands the log
-- could be trimmed past the cursor, and the gap would look like an end.
local log, head = KEYS[1], KEYS[2]
local epoch, after, count = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local current = redis.call('HMGET', head, 'epoch', 'seq')
if not current[1] then
  redis.call('HSET', head, 'epoch', ARGV[4], 'seq', 0)
  redis.call('EXPIRE', head, ARGV[5])
  redis.call('DEL', log)
  current = { ARGV[4], '0' }
end
local newest = tonumber(current[2])
if epoch == '' then return { 'ok', current[1], newest, {} } end
if epoch ~= current[1] then return { 'epoch_changed', current[1], newest, {} } end
if after > newest then return { 'epoch_changed', current[1], newest, {} } end
if after == newest then return { 'ok', current[1], newest, {} } end
local entries = redis.call('XRANGE', log, '(' .. after .. '-0', '+', 'COUNT', count)
if #entries == 0 or entries[1][1] ~= (after + 1) .. '-0' then
  return { 'history_gone', current[1], newest, {} }
end
return { 'ok', current[1], newest, entries }
