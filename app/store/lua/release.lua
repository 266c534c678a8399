-- ARGV: charge, reason, now, journal length, seconds to remember the charge
local key = P .. 'charge:' .. ARGV[1]
local state = redis.call('HGET', key, 'state')
if state == 'open' then
  close_charge(ARGV[1], 'given_back', ARGV[2], ARGV[3], ARGV[4], ARGV[5])
elseif not state then
  -- A caller that went away may have its release arrive before its reserve: the reserve then takes nothing.
  redis.call('HSET', key, 'state', 'given_back')
  redis.call('EXPIRE', key, ARGV[5])
end
return {'ok'}
