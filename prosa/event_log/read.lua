-- Read a user's events after a cursor. Stands behind range.lua, which says what it gives.
--
-- KEYS   log, head
-- ARGV   1 = epoch of the cursor ('' = begin at the end), 2 = its number, 3 = most events to give,
--        4 = epoch for a log that is begun here, 5 = seconds a log lives
return range(KEYS[1], KEYS[2], ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5])
