-- Note how far clients have seen their users' logs. Never goes back, and never beyond the log.
--
-- KEYS   per user: head
-- ARGV   per user: epoch, number
-- Gives  how many moved on
local moved = 0
for i = 1, #KEYS do
  local epoch, number = ARGV[2 * i - 1], tonumber(ARGV[2 * i])
  local held = redis.call('HMGET', KEYS[i], 'epoch', 'seq', 'seen')
  -- Of another life of the log, or of one that is gone: nothing can be told of it any more.
  if held[1] == epoch then
    local seen = math.min(number, tonumber(held[2]))
    if seen > tonumber(held[3] or '0') then
      redis.call('HSET', KEYS[i], 'seen', seen)
      moved = moved + 1
    end
  end
end
return moved
