-- ARGV: key id
local hash = redis.call('GET', P .. 'keyid:' .. ARGV[1])
if not hash then
  return {'no_key'}
end
redis.call('HSET', P .. 'key:' .. hash, 'revoked', '1')
return {'ok'}
