-- Admit a socket: take its ticket, enter it into the connection map, and read the log from its
-- place. One call, because a node whose clients all come back at once has no time for four.
-- Stands behind ticket.lua, lease.lua and range.lua.
--
-- In this order: what is appended after the log was read here finds the entry in the map, and is
-- poked to the node.
--
-- KEYS   ticket, revoked, connections, log, head
-- ARGV   1 = the redeemer's own token, 2 = seconds to remember it, 3 = ms a session may be over,
--        4 = connection id, 5 = node, 6 = lease in ms,
--        7 = epoch of the cursor ('' = begin at the end), 8 = its number, 9 = most events to give,
--        10 = epoch for a log that is begun here, 11 = seconds a log lives
-- Gives  {{user, session, session's end in ms}, what range gives} or nil
local holder = take(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3])
if not holder then return false end
lease(KEYS[3], ARGV[4], ARGV[5], ARGV[6])
return { holder, range(KEYS[4], KEYS[5], ARGV[7], tonumber(ARGV[8]), ARGV[9], ARGV[10], ARGV[11]) }
