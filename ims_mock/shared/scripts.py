"""What Redis does in one step: each script is run whole, or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha1
from typing import Any


class Script:
    """A script in Lua, known to Redis by its digest."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.sha = sha1(text.encode(), usedforsecurity=False).hexdigest()

    def call(self, keys: Sequence[str], arguments: Iterable[Any]) -> tuple[Any, ...]:
        """Return the command that runs it."""
        return "EVALSHA", self.sha, len(keys), *keys, *arguments


_PUSH = """
-- Adds a version of an entry to the journal; the first one of an entry, without a number, gives it one.
local function push(meta, journal, kept, number, entry)
  if number == '' then number = redis.call('HINCRBY', meta, 'received', 1) end
  local revision = redis.call('HINCRBY', meta, 'revision', 1)
  redis.call('XADD', journal, 'MAXLEN', '~', kept, '*', 'number', number, 'revision', revision, 'entry', entry)
  return number
end
"""

_MARK = """
-- Notes what of the access to worlds has changed, behind all that was noted before; '#' has the last number.
local function mark(access, name)
  redis.call('ZADD', access, redis.call('ZINCRBY', access, 1, '#'), name)
end
"""

COMMIT = Script(
    _PUSH
    + _MARK
    + """
-- KEYS: meta, state, log, journal, access. ARGV: the version that the changes were made from, 0 for none; the id of
-- the commit, the changes for the log, how many the log keeps, the channel to report on, "1" where nothing of before is
-- kept, the id of the commit before, the name of the state where a credential may be another one, else "";
-- then lists, each behind its length: fields and values of meta, fields and values of state, removed fields, entries,
-- keys of files that stay.
local base, at = tonumber(ARGV[1]), 9
local version = tonumber(redis.call('HGET', KEYS[1], 'version') or '0')
local place = string.format('%d-0', base + 1)
if version ~= base or (redis.call('HGET', KEYS[1], 'commit') or '') ~= ARGV[7] then
  -- The commit may have arrived before, on a connection that has ended.
  local mine = redis.call('XRANGE', KEYS[3], place, place)[1]
  if mine and mine[2][2] == ARGV[2] then return {1, base + 1, mine[2][6]} end
  return {0, version, ''}
end
-- A world begins only while it is one: it may be deleted while this is on its way.
local is_named = not string.find(KEYS[1], '{default}', 1, true)
if base == 0 and is_named and redis.call('HEXISTS', KEYS[1], 'made') == 0 then return {0, 0, ''} end
if ARGV[6] == '1' then redis.call('DEL', KEYS[2]) end
local function each(size, call)
  local count = tonumber(ARGV[at])
  for i = at + 1, at + count * size, size do call(i) end
  at = at + count * size + 1
end
redis.call('HSET', KEYS[1], 'version', base + 1, 'commit', ARGV[2])
each(2, function(i) redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end)
each(2, function(i) redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1]) end)
each(1, function(i) redis.call('HDEL', KEYS[2], ARGV[i]) end)
local numbers, kept = '', redis.call('HGET', KEYS[1], 'kept')
each(1, function(i) numbers = numbers .. ' ' .. push(KEYS[1], KEYS[4], kept, '', ARGV[i]) end)
each(1, function(i) redis.call('PERSIST', ARGV[i]) end)
redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[4], place, 'id', ARGV[2], 'changes', ARGV[3], 'numbers', numbers)
if ARGV[8] ~= '' then mark(KEYS[5], ARGV[8]) end
redis.call('PUBLISH', ARGV[5], '')
return {1, base + 1, numbers}
"""
)

NOTE = Script(
    _PUSH
    + """
-- KEYS: meta, journal. ARGV: the commit that the responses are of, or "" for any; how often the journal had been
-- cleared; the channel to report on; "1" where the entries may have arrived before, on a connection that ended; then
-- entries, each behind its number or "".
local about = redis.call('HMGET', KEYS[1], 'commit', 'clearings', 'kept')
local known, missing = {}, #ARGV > 4
if ARGV[4] == '1' then
  missing = false
  for _, item in ipairs(redis.call('XREVRANGE', KEYS[2], '+', '-', 'COUNT', 1000)) do known[item[2][6]] = true end
  for i = 6, #ARGV, 2 do missing = missing or not known[ARGV[i]] end
end
if not missing then return 1 end
if ARGV[1] ~= '' and about[1] ~= ARGV[1] then return 0 end
if about[2] ~= ARGV[2] then return 1 end
for i = 5, #ARGV, 2 do
  if not known[ARGV[i + 1]] then push(KEYS[1], KEYS[2], about[3], ARGV[i], ARGV[i + 1]) end
end
redis.call('PUBLISH', ARGV[3], '')
return 1
"""
)

MAKE = Script(
    _MARK
    + """
-- KEYS: worlds, access, meta of the new world. ARGV: its name, what it is made with. It may have arrived before.
local known = redis.call('HGET', KEYS[1], ARGV[1])
if known then return known == ARGV[2] and 1 or 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('HSET', KEYS[3], 'made', 1)
mark(KEYS[2], 'worlds')
return 1
"""
)

REMOVE = Script(
    _MARK
    + """
-- KEYS: worlds, access, used, removed, meta, state, log. ARGV: the name of the world, what it was made with, the name
-- of its state. Without its meta key nothing is written of the world any more. It may have arrived before.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return redis.call('SISMEMBER', KEYS[4], ARGV[3]) end
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('UNLINK', KEYS[5], KEYS[6], KEYS[7])
redis.call('SADD', KEYS[4], ARGV[3])
redis.call('ZREM', KEYS[2], ARGV[3])
mark(KEYS[2], 'worlds')
return 1
"""
)

SCRIPTS = (COMMIT, NOTE, MAKE, REMOVE)
