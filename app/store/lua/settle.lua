-- ARGV: charge, now, journal length, seconds to remember the charge
local state = redis.call('HGET', P .. 'charge:' .. ARGV[1], 'state')
if state ~= 'open' then
  return {state or 'unknown'}
end
close_charge(ARGV[1], 'settled', '', ARGV[2], ARGV[3], ARGV[4])
return {'settled'}
