-- Enter connections into the map, or prolong their leases. A gateway calls it for a new connection
-- and, every few seconds, for all it holds.
--
-- KEYS   per connection: the user's connections hash
-- ARGV   1 = lease in ms, 2 = node, then per connection: connection id
local time = redis.call('TIME')
local lease_end = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[1])
-- '%.0f' because Lua's own tostring would write 1.7e+12.
local entry = string.format('%.0f', lease_end) .. ':' .. ARGV[2]
for i = 1, #KEYS do
  redis.call('HSET', KEYS[i], ARGV[2 + i], entry)
  redis.call('PEXPIRE', KEYS[i], ARGV[1])
end
return #KEYS
