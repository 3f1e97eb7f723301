-- Ask whether a call to a model may go out.
--
-- KEYS   breaker, probe
-- ARGV   1 = token of the call, 2 = ms a probe may take before another one goes
-- Gives  {admitted (1 | 0), state, epoch, ms until asking again makes sense}
--
-- The clock is Redis' own: the clocks of workers need not agree. An epoch is a life of one state; a
-- report of an earlier one is nobody's news any more (report.lua).
local breaker, probe = KEYS[1], KEYS[2]
local token, lease_ms = ARGV[1], tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local held = redis.call('HMGET', breaker, 'state', 'epoch', 'until')
local state, epoch, open_until = held[1] or 'closed', tonumber(held[2] or '0'), tonumber(held[3] or '0')

if state == 'closed' then return { 1, state, epoch, 0 } end
if state == 'open' then
  if now < open_until then return { 0, state, epoch, open_until - now } end
  state, epoch = 'half-open', epoch + 1
  redis.call('HSET', breaker, 'state', state, 'epoch', epoch)
  redis.call('DEL', probe)
end
-- Exactly one call tries the model out. Its lease ends by itself, should its worker die.
if redis.call('SET', probe, token, 'NX', 'PX', lease_ms) then return { 1, state, epoch, 0 } end
return { 0, state, epoch, redis.call('PTTL', probe) }
