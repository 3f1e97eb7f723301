-- Part of renew.lua and of a socket's admission (prosa/socket_access/admit.lua): an entry of the
-- connection map, which ends by itself unless it is written again. The clock is Redis' own.
local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function lease(connections, connection_id, node, lease_ms)
  -- '%.0f' because Lua's own tostring would write 1.7e+12.
  local entry = string.format('%.0f', now_ms() + tonumber(lease_ms)) .. ':' .. node
  redis.call('HSET', connections, connection_id, entry)
  redis.call('PEXPIRE', connections, lease_ms)
end
