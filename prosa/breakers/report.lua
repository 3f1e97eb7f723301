-- Tell how a call went that admit.lua let out.
--
-- KEYS   breaker, probe, failures
-- ARGV   1 = token of the call, 2 = its epoch, 3 = ok | failed | abandoned,
--        4 = failures that are borne, 5 = ms they are remembered, 6 = ms to stay open,
--        7 = ms a breaker that hears nothing is kept
-- Gives  {state, epoch} as they are now
local breaker, probe, failures = KEYS[1], KEYS[2], KEYS[3]
local token, outcome = ARGV[1], ARGV[3]
local max_failures, window_ms, reset_ms, keep_ms =
  tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local held = redis.call('HMGET', breaker, 'state', 'epoch')
local state, epoch = held[1] or 'closed', tonumber(held[2] or '0')
-- A straggler: it failed after others opened the circuit, or a newer probe is out.
if tonumber(ARGV[2]) ~= epoch then return { state, epoch } end

local function become(new)
  state, epoch = new, epoch + 1
  redis.call('HSET', breaker, 'state', state, 'epoch', epoch, 'until', now + reset_ms)
  redis.call('DEL', probe, failures)
end

if state == 'half-open' then
  if redis.call('GET', probe) ~= token then return { state, epoch } end -- its lease ran out
  redis.call('DEL', probe)
  if outcome == 'failed' then become('open') elseif outcome == 'ok' then become('closed') end
elseif state == 'closed' and outcome == 'failed' then
  redis.call('ZADD', failures, now, token)
  redis.call('ZREMRANGEBYSCORE', failures, '-inf', now - window_ms)
  redis.call('PEXPIRE', failures, window_ms)
  if redis.call('ZCARD', failures) > max_failures then become('open') end
end
redis.call('PEXPIRE', breaker, math.max(keep_ms, 2 * reset_ms))
return { state, epoch }
