-- ARGV: organization, 'grant' or 'set', amount, token of this change, most that may be held
local org, done = P .. 'org:' .. ARGV[1], P .. 'done:' .. ARGV[4]
if redis.call('EXISTS', org) == 0 then
  return {'no_organization'}
end
local have = field(org, 'balance')
if redis.call('EXISTS', done) == 1 then
  return {'ok', have}
end
local by = tonumber(ARGV[3])
if ARGV[2] == 'set' then
  by = by - have
end
-- The total of all grants must stay exact as well: Lua counts in doubles.
if have + by > tonumber(ARGV[5]) or field(org, 'granted') + by > tonumber(ARGV[5]) then
  return {'too_much', have}
end
redis.call('SET', done, '1', 'EX', 3600)
move(ARGV[1], 'granted', by)
return {'ok', move(ARGV[1], 'balance', by)}
