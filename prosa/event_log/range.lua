-- Part of read.lua and of a socket's admission (prosa/socket_access/admit.lua): the events after a
-- cursor, or why they cannot be given without a gap.
--
-- One script, because the head and the range must be of one moment: between two commands the log
-- could be trimmed past the cursor, and the gap would look like an end.
--
-- Gives  {'ok' | 'epoch_changed' | 'history_gone', epoch, newest number, {{id, {field, payload}}, ...}}
local function range(log, head, epoch, after, count, new_epoch, ttl_s)
  local current = redis.call('HMGET', head, 'epoch', 'seq')
  if not current[1] then
    redis.call('HSET', head, 'epoch', new_epoch, 'seq', 0)
    redis.call('EXPIRE', head, ttl_s)
    redis.call('DEL', log)
    current = { new_epoch, '0' }
  end
  local newest = tonumber(current[2])
  if epoch == '' then return { 'ok', current[1], newest, {} } end
  if epoch ~= current[1] or after > newest then return { 'epoch_changed', current[1], newest, {} } end
  if after == newest then return { 'ok', current[1], newest, {} } end
  local entries = redis.call('XRANGE', log, '(' .. after .. '-0', '+', 'COUNT', count)
  if #entries == 0 or entries[1][1] ~= (after + 1) .. '-0' then
    return { 'history_gone', current[1], newest, {} }
  end
  return { 'ok', current[1], newest, entries }
end
