-- Part of redeem.lua and admit.lua: take a ticket.
--
-- A plain GETDEL would refuse the rightful owner when only the answer was lost and the gateway asks
-- again: so the first redeemer is written down, and answered as often as it asks.
--
-- Gives  {user, session, session's end in ms}, or nil: unknown, expired, another redeemer's, of a
--        session that was ended, or of one that is over for longer than grace_ms
local function take(ticket, revoked, redeemer, remember_s, grace_ms)
  local held = redis.call('HMGET', ticket, 'user', 'session', 'until', 'by')
  if not held[1] then return nil end
  if held[4] and held[4] ~= redeemer then return nil end
  if redis.call('HEXISTS', revoked, held[2]) == 1 then return nil end
  local time = redis.call('TIME')
  local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
  if tonumber(held[3]) + tonumber(grace_ms) <= now_ms then return nil end
  if not held[4] then
    redis.call('HSET', ticket, 'by', redeemer)
    redis.call('EXPIRE', ticket, remember_s)
  end
  return { held[1], held[2], held[3] }
end
