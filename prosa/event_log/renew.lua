-- Enter connections into the map, or prolong their leases: a gateway calls it every few seconds for
-- all it holds. Stands behind lease.lua.
--
-- KEYS   per connection: the user's connections hash
-- ARGV   1 = lease in ms, 2 = node, then per connection: connection id
for i = 1, #KEYS do
  lease(KEYS[i], ARGV[2 + i], ARGV[2], ARGV[1])
end
return #KEYS
