-- ARGV: charge, organization, key, amount, engine, task, samples, at, owner, heartbeat seconds,
--       name of the allowance or '', its amount, day of the charge, seconds to remember what was spent in a day,
--       sha256 of a key that is to be proven or '', the organization that was asked for or '',
--       now, requests or 0, window, lockout (times in ms)
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
if ARGV[15] ~= '' then
  local holder, refusal = admit(ARGV[15], tonumber(ARGV[17]), tonumber(ARGV[18]), tonumber(ARGV[19]), tonumber(ARGV[20]))
  if refusal then
    return refusal
  end
  local account = P .. 'account:' .. holder.account
  if ARGV[16] == '' and redis.call('HGET', account, 'default') ~= org then
    return {'changed'}
  end
  if redis.call('HEXISTS', account .. ':roles', org) == 0 then
    return {'not_a_member'}
  end
end
if have < amount then
  return {'insufficient', have}
end
local day = ''
if ARGV[11] ~= '' then
  day = P .. 'day:' .. ARGV[11] .. ':' .. org .. ':' .. ARGV[13]
  local used = tonumber(redis.call('GET', day) or '0')
  if used + amount > tonumber(ARGV[12]) then
    return {'exhausted', used}
  end
  redis.call('INCRBY', day, whole(amount))
  redis.call('EXPIRE', day, ARGV[14])
end
move(org, 'open', amount)
redis.call('HSET', key, 'org', org, 'key', ARGV[3], 'amount', ARGV[4], 'rest', ARGV[4], 'engine', ARGV[5],
  'task', ARGV[6], 'samples', ARGV[7], 'at', ARGV[8], 'owner', ARGV[9], 'state', 'open', 'reason', '', 'day', day)
redis.call('SADD', P .. 'open', id)
redis.call('SET', P .. 'owner:' .. ARGV[9], '1', 'EX', ARGV[10])
return {'ok', move(org, 'balance', -amount)}
