-- The cursor that belongs to a REST snapshot: just before the first event of any running reply, so
-- that whoever resumes from it is played what those replies have said so far.
--
-- KEYS   log, head, then one fence per running reply
-- ARGV   1 = epoch for a log that is begun here, 2 = seconds a log lives
-- Gives  {epoch, number}
local log, head = KEYS[1], KEYS[2]
local current = redis.call('HMGET', head, 'epoch', 'seq')
if not current[1] then
  redis.call('HSET', head, 'epoch', ARGV[1], 'seq', 0)
  redis.call('EXPIRE', head, ARGV[2])
  redis.call('DEL', log)
  return { ARGV[1], 0 }
end
local before = tonumber(current[2])
for i = 3, #KEYS do
  local started = tonumber(redis.call('HGET', KEYS[i], 'started') or '')
  if started and started - 1 < before then before = started - 1 end
end
-- History that is trimmed cannot be resumed from; a later start loses only the head of a text that
-- `reply.completed` will bring whole.
local oldest = redis.call('XRANGE', log, '-', '+', 'COUNT', 1)
local floor = #oldest > 0 and tonumber(string.match(oldest[1][1], '^%d+')) - 1 or tonumber(current[2])
return { current[1], math.max(before, floor) }
