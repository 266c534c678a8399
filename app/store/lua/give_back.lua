-- ARGV: charge, amount, reason
local key, amount = P .. 'charge:' .. ARGV[1], tonumber(ARGV[2])
local c = redis.call('HMGET', key, 'state', 'org', 'rest', 'reason', 'back:' .. ARGV[3])
if c[1] ~= 'open' or c[5] then
  return {'ok'}
end
if amount > tonumber(c[3]) then
  return {'too_much', tonumber(c[3])}
end
redis.call('HSET', key, 'rest', whole(tonumber(c[3]) - amount), 'back:' .. ARGV[3], ARGV[2],
  'reason', c[4] == '' and ARGV[3] or c[4] .. ', ' .. ARGV[3])
move(c[2], 'open', -amount)
move(c[2], 'balance', amount)
return_to_day(key, amount)
return {'ok'}
