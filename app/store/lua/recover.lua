-- ARGV: '1' to release every open charge, now, journal length, seconds to remember a charge, owner, heartbeat seconds
redis.call('SET', P .. 'owner:' .. ARGV[5], '1', 'EX', ARGV[6])
local charges, credits = 0, 0
for _, id in ipairs(redis.call('SMEMBERS', P .. 'open')) do
  local owner = redis.call('HGET', P .. 'charge:' .. id, 'owner')
  if ARGV[1] == '1' or redis.call('EXISTS', P .. 'owner:' .. owner) == 0 then
    credits = credits + close_charge(id, 'given_back', 'recovered', ARGV[2], ARGV[3], ARGV[4])
    charges = charges + 1
  end
end
return {'ok', charges, credits}
