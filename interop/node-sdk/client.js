'use strict'

const assert = require('node:assert/strict')
const log4js = require('log4js')
const { Region } = require('@huaweicloud/huaweicloud-sdk-core')
const { BasicCredentials, ImsClient, operations } = require('./ims')
const { ended, errorsOf, operationsOf } = require('./rows')

const URL = process.env.IMS_URL
const IMPORT = { name: 'web', image_url: 'bucket:disk.zvhd2', min_disk: 60, os_version: 'CentOS 7.0 64bit' }

// The core logs each error, with the request's credential. Its log would go to stdout.
log4js.configure({
  appenders: { stderr: { type: 'stderr' } },
  categories: { default: { appenders: ['stderr'], level: 'off' } }
})

/** Return the client of a user who does not know the id of the project: the core asks the identity service. */
function clientOf(user, secret) {
  const credential = new BasicCredentials({ ak: `${user}-ak`, sk: secret }).withIamEndpoint(URL)
  return ImsClient.newBuilder().withCredential(credential).withRegion(new Region('cn-north-4', URL)).build()
}

/** Return a client with the AK, SK and project of the environment. */
function clientOfEnvironment() {
  return ImsClient.newBuilder().withEndpoint(URL).build()
}

/** Print the outcome of a check, and return whether it is as it should be. */
async function check(name, run) {
  let [outcome, note] = ['broken']
  try {
    const [actual, expected, outcomeOfRow = 'works', noteOfRow] = await run(name)
    assert.deepStrictEqual(actual, expected)
    ;[outcome, note] = [outcomeOfRow, noteOfRow]
  } catch (error) {
    note = error.message
  }
  console.log(JSON.stringify({ check: name, outcome, note }))
  return outcome !== 'broken'
}

/** Call each operation, check what it returns, and return whether all is as it should be. */
async function life() {
  const demo = clientOfEnvironment()
  const alt = clientOf('alt', 'alt-sk')
  const image = (await ended(demo, await demo.call('import_image_quick', { data: IMPORT }))).entities.image_id
  const queued = (await demo.call('glance_create_image_metadata', { data: { name: 'queued' } })).id
  const member = (await alt.call('glance_create_image_metadata', { data: { name: 'of alt' } })).owner
  const scene = { demo, alt, image, queued, member, wrong: clientOf('alt', 'wrong') }
  const rows = operationsOf(scene)
  const ids = async () => [Object.keys(rows).sort(), [...operations].sort()]
  let isWell = await check('each operation of the SDK has a row', ids)
  for (const [name, run] of Object.entries({ ...rows, ...errorsOf(scene) })) {
    isWell = await check(name, run) && isWell
  }
  return isWell
}

/** The one call of each scene: it returns what the user sees of its response. */
const scenes = {
  list: async demo => {
    const { images } = await demo.call('list_images')
    if (!images) return 'no list of images'
    return images.length ? 'a list of images' : 'an empty list of images'
  },
  create: async demo => {
    const response = await demo.call('glance_create_image_metadata', { data: { name: 'web' } })
    return `status ${response.httpStatusCode}`
  },
  job: async demo => {
    const { status, entities } = await ended(demo, await demo.call('import_image_quick', { data: IMPORT }))
    return entities?.image_id ? `job ${status}` : `job ${status} without an image`
  }
}

/** Make one call, and print what it returns or raises. */
async function scene(name) {
  try {
    return { returned: await scenes[name](clientOfEnvironment()) }
  } catch (error) {
    return { raised: error.constructor.name, message: error.message }
  }
}

async function main([name]) {
  if (name) {
    console.log(JSON.stringify(await scene(name)))
  } else {
    process.exitCode = await life() ? 0 : 1
  }
}

main(process.argv.slice(2))
