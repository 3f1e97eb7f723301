-- Admit a socket: take its ticket, enter it into the connection map, and read the log from its
-- place. One call, because a node whose clients all come back at once has no time for four.
-- Stands behind ticket.lua, lease.lua and range.lua.
--
-- In this order: what is appended after the log was read here finds the entry in the map, and is
-- poked to the node.
--
-- KEYS   ticket, revoked, connections, log, head
-- ARGV   1 = connection id, which redeems the ticket, 2 = seconds to remember it,
--        3 = ms a session may be over, 4 = node, 5 = lease in ms,
--        6 = epoch of the cursor ('' = begin at the end), 7 = its number, 8 = most events to give,
--        9 = epoch for a log that is begun here, 10 = seconds a log lives
-- Gives  {{user, session, session's end in ms}, what range gives} or nil
local holder = take(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3])
if not holder then return false end
lease(KEYS[3], ARGV[1], ARGV[4], ARGV[5])
return { holder, range(KEYS[4], KEYS[5], ARGV[6], tonumber(ARGV[7]), ARGV[8], ARGV[9], ARGV[10]) }
