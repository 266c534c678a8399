-- ARGV: sha256 of the key, key id, account, label, hint, now
if redis.call('EXISTS', P .. 'key:' .. ARGV[1]) == 0 then
  create_key(ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6])
end
return {'ok'}
