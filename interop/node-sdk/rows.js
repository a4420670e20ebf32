'use strict'

const { setTimeout: wait } = require('node:timers/promises')

const { version } = require('@huaweicloud/huaweicloud-sdk-core/package.json')

const SERVER = '877a2cda-ba63-4e1e-b95f-e67e48b6129a'
const FILE = 'bucket:disk.zvhd2'
const CENTOS = 'CentOS 7.0 64bit'

const NO_IMAGE = '00000000-0000-4000-8000-000000000000'

const NO_300 = ['ServiceResponseException', 300, undefined]
const NOTE_300 = 'The service returns 300, and the core raises an error for each status above 299.'
const NOTE_BLANK = 'The core escapes a blank in the path twice before it signs the path, so the signature is wrong.'

/** Poll a job each second until it has ended, and return it. */
async function ended(client, { job_id }) {
  for (let polls = 0; polls < 10; polls += 1) {
    const job = await client.call('show_job', { job_id })
    if (job.status === 'SUCCESS' || job.status === 'FAIL') return job
    await wait(1000)
  }
  throw new Error('the job has not ended after 10 polls')
}

/** Return the row of a call that raises an error: its class, status and code. */
const raises = (call, expected, outcome, note) => async operation => {
  const error = await call(operation).then(() => { throw new Error('no error was raised') }, reason => reason)
  return [[error.constructor.name, error.httpStatusCode, error.errorCode], expected, outcome, note]
}
const refused = (call, expected, note) => raises(call, expected, 'refused', note)
const fails = (call, expected, note) => raises(call, expected, 'fails', `${note} (core ${version})`)

/** Return some values of an object. */
const pick = (object, ...names) => names.map(name => object[name])

/**
 * Return how each operation is called: a function that returns what was seen, and what is expected.
 *
 * They are called in this order. `image` is an active image of `demo`, `queued` one without a file, and `member` the
 * project of `alt`.
 */
function operationsOf({ demo, alt, image, queued, member }) {
  const image_id = image
  const call = (operation, request) => demo.call(operation, request)
  const show = id => call('glance_show_image', { image_id: id })
  const tags = async () => (await show(image)).tags
  const statuses = async () => {
    const { members } = await call('glance_list_image_members', { image_id })
    return members.map(({ status }) => status)
  }

  /** The values of a response. */
  const values = (request, names, expected, client = demo) => async operation =>
    [pick(await client.call(operation, request), ...names), expected]

  /** The values of the image that a job makes. */
  const made = (request, names, expected) => async operation => {
    const { entities } = await ended(demo, await call(operation, request))
    return [pick(await show(entities.image_id), ...names), expected]
  }

  /** What is left by a request, or by its job. */
  const left = (request, see, expected, client = demo) => async operation => {
    const response = await client.call(operation, request)
    if (response.job_id) await ended(client, response)
    return [[response.httpStatusCode, await see()], expected]
  }

  /** A schema's name, and the type that it gives an attribute. */
  const schema = (attribute, expected) => async operation => {
    const { name, properties } = await call(operation)
    return [[name, properties[attribute].type], expected]
  }

  const ofServer = made(
    { data: { name: 'server', instance_id: SERVER, image_tags: [{ key: 'k', value: 'v' }], min_ram: 1024 } },
    ['name', 'status', '__data_origin', 'tags', 'min_ram'],
    ['server', 'active', `instance,${SERVER}`, ['k=v'], 1024])
  const ofDisk = made(
    { data: { name: 'data', image_url: FILE, min_disk: 60, os_type: 'Windows' } },
    ['virtual_env_type', '__os_type', 'min_disk'], ['DataImage', 'Windows', 60])
  const imported = made(
    { data: { name: 'quick', image_url: FILE, min_disk: 60, os_version: CENTOS, architecture: 'arm' } },
    ['name', '__os_version', '__support_arm'], ['quick', CENTOS, 'true'])
  const copied = made({ image_id, data: { name: 'copy' } }, ['name', 'status'], ['copy', 'active'])
  const exported = async operation => {
    const job = await call(operation, { image_id, data: { bucket_url: `bucket:${operation}.vhd`, file_format: 'vhd' } })
    return [(await ended(demo, job)).status, 'SUCCESS']
  }
  const shared = { images: [image], projects: [member] }
  const rename = name => [{ op: 'replace', path: '/name', value: name }]
  const tag = { key: 'a', value: 'b' }

  return {
    create_image: ofServer,
    create_image_in_safe_mode: ofServer,
    create_data_image: ofDisk,
    create_data_image_in_safe_mode: ofDisk,
    import_image_quick: imported,
    import_image_quick_in_safe_mode: imported,
    create_whole_image: made(
      { data: { name: 'whole', backup_id: SERVER, whole_image_type: 'CBR' } },
      ['__whole_image', '__backup_id'], ['true', SERVER]),
    register_image: left(
      { image_id: queued, data: { image_url: FILE } }, async () => (await show(queued)).status, [200, 'active']),
    export_image: exported,
    export_image_in_safe_mode: exported,
    copy_image_in_region: copied,
    copy_image_in_region_in_safe_mode: copied,
    copy_image_cross_region: made(
      { image_id, data: { name: 'far', region: 'cn-south-1', project_name: 'cn-south-1', agency_name: 'agency' } },
      ['name', 'status'], ['far', 'active']),
    show_job: async () => {
      const job = await ended(demo, await call('copy_image_in_region', { image_id, data: { name: 'copy' } }))
      return [[job.status, job.job_type, job.entities.image_name], ['SUCCESS', 'imsCopyImageInRegionJob', 'copy']]
    },
    show_job_progress: async operation => {
      const { job_id } = await call('copy_image_in_region', { image_id, data: { name: 'copy' } })
      const { status, entities } = await call(operation, { job_id })
      return [[status, entities.process_percent], ['SUCCESS', 1]]
    },

    list_images: async operation => {
      const query = { __imagetype: 'private', name: 'web', sort_key: 'status ', sort_dir: 'asc', limit: 5 }
      const { images } = await call(operation, { query })
      return [images.map(one => pick(one, 'id', 'min_disk', 'protected')), [[image, 60, false]]]
    },
    update_image: values(
      { image_id, data: rename('数据_web-1.0') }, ['name', 'status', 'min_ram'], ['数据_web-1.0', 'active', 0]),
    list_os_versions: async operation => {
      const groups = Object.values(await call(operation, { query: { tag: 'arm,uefi' } }))
      const versions = groups.flatMap(group => group.version_list ?? [])
      return [[...new Set(versions.map(({ os_bit }) => os_bit))], [64]]
    },
    show_image_quota: async operation => {
      const { quotas } = await call(operation)
      return [quotas.resources.map(one => pick(one, 'type', 'quota', 'min', 'max')), [['image', 1000, 1, 1000]]]
    },

    batch_add_members: left({ data: shared }, statuses, [200, ['pending']]),
    list_image_members: async operation => {
      const { members, page_info } = await call(operation, { image_id, query: { limit: 5 } })
      return [[...members.map(one => pick(one, 'member_id', 'member_type')), page_info.current_count],
        [[member, 'project'], 1]]
    },
    show_image_member: values({ image_id, member_id: member }, ['member_id', 'status'], [member, 'pending']),
    batch_update_members: left(
      { data: { images: [image], project_id: member, status: 'accepted' } }, statuses, [200, ['accepted']], alt),
    batch_delete_members: left({ data: shared }, statuses, [200, []]),

    add_image_tag: left({ image_id, data: { tag } }, tags, [204, ['a=b']]),
    list_image_tags: values({ image_id }, ['tags'], [[tag]]),
    list_images_tags: async operation => {
      const { tags: all } = await call(operation)
      return [all.find(({ key }) => key === 'a'), { key: 'a', values: ['b'] }]
    },
    list_image_by_tags: async operation => {
      const data = { action: 'filter', tags: [{ key: 'a', values: ['b'] }], limit: '10', offset: '0' }
      const { total_count, resources } = await call(operation, { data })
      return [[total_count, ...resources.map(one => pick(one, 'resource_id', 'tags'))], [1, [image, [tag]]]]
    },
    list_tags: async operation => [(await call(operation, { query: { id: image } })).tags, ['a=b']],
    delete_image_tag: left({ image_id, key: 'a' }, tags, [204, []]),
    batch_add_or_delete_tags: left({ image_id, data: { action: 'create', tags: [tag] } }, tags, [204, ['a=b']]),
    batch_delete_tags: left({ image_id, data: { tags: [tag] } }, tags, [204, []]),
    create_or_update_tags: left({ data: { image_id, tag: 'a.b' } }, tags, [204, ['a=b']]),

    list_versions: fails(operation => call(operation), NO_300, NOTE_300),
    show_version: fails(operation => call(operation, { version: 'v2' }), NO_300, NOTE_300),
    glance_show_image_schemas: schema('min_disk', ['image', 'integer']),
    glance_list_image_schemas: schema('images', ['images', 'array']),
    glance_show_image_member_schemas: schema('status', ['member', 'string']),
    glance_list_image_member_schemas: schema('members', ['members', 'array']),
    glance_create_image_metadata: values(
      { data: { name: 'native', min_ram: 1024 } }, ['httpStatusCode', 'status', 'min_ram'], [201, 'queued', 1024]),
    glance_list_images: async operation => {
      const { images } = await call(operation, { query: { name: 'native', sort_key: 'name', sort_dir: 'asc' } })
      return [images.map(one => pick(one, 'status', 'min_ram', 'protected')), [['queued', 1024, false]]]
    },
    glance_show_image: values({ image_id }, ['id', 'status', 'min_disk'], [image, 'active', 60]),
    glance_update_image: values({ image_id, data: rename('native web') }, ['name', 'status'], ['native web', 'active']),
    glance_create_tag: left({ image_id, tag: 'c' }, tags, [204, ['a=b', 'c']]),
    glance_delete_tag: left({ image_id, tag: 'c' }, tags, [204, ['a=b']]),
    glance_add_image_member: values(
      { image_id, data: { member } }, ['image_id', 'member_id', 'status'], [image, member, 'pending']),
    glance_list_image_members: async () => [await statuses(), ['pending']],
    glance_show_image_member: values({ image_id, member_id: member }, ['member_id', 'status'], [member, 'pending']),
    glance_update_image_member: values(
      { image_id, member_id: member, data: { status: 'accepted' } }, ['status'], ['accepted'], alt),
    glance_delete_image_member: left({ image_id, member_id: member }, statuses, [204, []]),
    glance_delete_image: left(
      { image_id: queued, data: { delete_backup: false } },
      async () => (await call('glance_list_images', { query: { id: queued } })).images.length, [204, 0])
  }
}

/** Return what the client shows as an error, in the same form. `wrong` is a client with a wrong SK. */
const errorsOf = ({ demo, wrong, image }) => ({
  'wrong SK': refused(
    () => wrong.call('list_images'), ['ClientRequestException', 401, 'APIGW.0301'], 'The signature is wrong.'),
  'image that does not exist': refused(
    () => demo.call('glance_show_image', { image_id: NO_IMAGE }),
    ['ClientRequestException', 404, 'IMG.0144'], 'No image has this id.'),
  'min_disk of 39': refused(
    () => demo.call('glance_create_image_metadata', { data: { name: 'small', min_disk: 39 } }),
    ['ClientRequestException', 400, 'IMG.0055'], 'min_disk is at least 40.'),
  'tag with a blank': fails(
    () => demo.call('glance_create_tag', { image_id: image, tag: 'a b' }),
    ['ClientRequestException', 401, 'APIGW.0301'], NOTE_BLANK)
})

module.exports = { ended, errorsOf, operationsOf }
