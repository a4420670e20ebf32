#!/bin/sh
# Huawei Cloud's SDK for Node signs another path than it sends if the path has a blank.
#
# Expected: the signature is that of the path which is sent, so that a service which verifies it accepts the request.
# Seen: a path with a tag "a b" is sent as /a%20b, and signed as /a%2520b: the core parses the URL, which escapes the
#   blank, and escapes the result again. So such a request is rejected with 401. A tag without a blank is signed as it
#   is sent. The core also requires the package uuid, which it does not name among its dependencies; after
#   `npm install` of the core alone, its ClientBuilder cannot be loaded.
# For tests: verify signatures in a test that has names with blanks; a mock that does not verify them shows no error.
#
# Versions: @huaweicloud/huaweicloud-sdk-core 3.1.211, uuid 9.0.1, Node.js 20.20.2. Last run: 2026-11-28.
set -eu
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-save --no-audit --no-fund --prefix . @huaweicloud/huaweicloud-sdk-core@3.1.211
cat >load.js <<'END'
try {
  require('@huaweicloud/huaweicloud-sdk-core/ClientBuilder')
  console.log('loaded')
} catch (error) {
  console.log(error.message.split('\n')[0])
}
END
alone="$(node load.js)"
echo "the core alone: $alone"
[ "$alone" = "Cannot find module 'uuid'" ] || { echo "CHANGED: the core alone: $alone" >&2; exit 1; }
npm install --silent --no-save --no-audit --no-fund --prefix . \
    @huaweicloud/huaweicloud-sdk-core@3.1.211 uuid@9.0.1
cat >sign.js <<'END'
const assert = require('node:assert/strict')
const { createHash, createHmac } = require('node:crypto')
const http = require('node:http')
const { BasicCredentials } = require('@huaweicloud/huaweicloud-sdk-core')
const { ClientBuilder } = require('@huaweicloud/huaweicloud-sdk-core/ClientBuilder')

const sha256 = text => createHash('sha256').update(text).digest('hex')

/** Return the signature of a request without a body, as its headers say, for a path. */
function signatureOf(request, path) {
  const names = /SignedHeaders=([^,]*)/.exec(request.headers.authorization)[1].split(';')
  const headers = names.map(name => `${name}:${request.headers[name]}\n`).join('')
  const canonical = [request.method, `${path}/`, '', headers, names.join(';'), sha256('')].join('\n')
  const text = ['SDK-HMAC-SHA256', request.headers['x-sdk-date'], sha256(canonical)].join('\n')
  return createHmac('sha256', 'secret').update(text).digest('hex')
}

const seen = {}
const server = http.createServer((request, response) => {
  const paths = { 'as it is sent': request.url, 'escaped again': request.url.replaceAll('%', '%25') }
  const [, signature] = /Signature=(\w+)/.exec(request.headers.authorization)
  const signed = Object.keys(paths).filter(name => signatureOf(request, paths[name]) === signature)
  seen[request.url] = signed
  console.log(`${request.url} is signed ${signed.join(' and ') || 'as neither'}`)
  response.writeHead(204).end()
})
server.listen(0, '127.0.0.1', async () => {
  const credential = new BasicCredentials({ ak: 'key', sk: 'secret', projectId: '0'.repeat(32) })
  const client = new ClientBuilder(hcClient => hcClient)
    .withCredential(credential).withEndpoint(`http://127.0.0.1:${server.address().port}`).build()
  for (const tag of ['ab', 'a b']) {
    await client.sendRequest({
      method: 'PUT', url: '/tags/{tag}', contentType: 'application/json', pathParams: { tag }, queryParams: {}, headers: {}
    })
  }
  server.close()
  assert.deepEqual(seen, { '/tags/ab': ['as it is sent', 'escaped again'], '/tags/a%20b': ['escaped again'] }, 'CHANGED')
  console.log('unchanged')
})
END
node sign.js
