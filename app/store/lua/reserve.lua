-- ARGV: charge, organization, key, amount, engine, task, samples, at, owner, heartbeat seconds
local id, org, amount = ARGV[1], ARGV[2], tonumber(ARGV[4])
local key = P .. 'charge:' .. id
local state = redis.call('HGET', key, 'state')
if state == 'given_back' then
  return {'given_back'}
end
local have = field(P .. 'org:' .. org, 'balance')
if state then
  return {'ok', have}
end
if have < amount then
  return {'insufficient', have}
end
move(org, 'open', amount)
redis.call('HSET', key, 'org', org, 'key', ARGV[3], 'amount', ARGV[4], 'rest', ARGV[4], 'engine', ARGV[5],
  'task', ARGV[6], 'samples', ARGV[7], 'at', ARGV[8], 'owner', ARGV[9], 'state', 'open', 'reason', '')
redis.call('SADD', P .. 'open', id)
redis.call('SET', P .. 'owner:' .. ARGV[9], '1', 'EX', ARGV[10])
return {'ok', move(org, 'balance', -amount)}
