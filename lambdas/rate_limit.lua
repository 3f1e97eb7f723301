-- Count one call, unless a rate is used up: moving windows, all of them or none.
--
-- KEYS   one list per rate: when its last calls were counted, in ms, newest first
-- ARGV   for each key: amount, window in ms
-- Gives  {0, 0} when it was counted, else {number of the rate that refuses, ms until it would not}
--
-- The clock is Redis' own: the clocks of functions need not agree. A list is never longer than its
-- amount, so its last entry says whether the window holds as many already.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local refuses, wait = 0, 0
for i, key in ipairs(KEYS) do
  local amount, window = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local first = tonumber(redis.call('LINDEX', key, amount - 1) or '')
  if first and first + window - now > wait then refuses, wait = i, first + window - now end
end
if refuses > 0 then return { refuses, wait } end

for i, key in ipairs(KEYS) do
  redis.call('LPUSH', key, now)
  redis.call('LTRIM', key, 0, tonumber(ARGV[2 * i - 1]) - 1)
  redis.call('PEXPIRE', key, ARGV[2 * i])
end
return { 0, 0 }
