'use strict'

const { BasicCredentials } = require('@huaweicloud/huaweicloud-sdk-core')
const { ClientBuilder } = require('@huaweicloud/huaweicloud-sdk-core/ClientBuilder')
const requests = require('./requests.json')

const PARAMETER = /\{(\w+)\}/g

/**
 * A client of IMS as the SDK generates it: it describes each request, and the core signs and sends it.
 *
 * The core 3.1.211 also needs the package uuid, which it does not name among its dependencies.
 */
class ImsClient {
  /** Return the builder of a client, which reads AK, SK and project from the environment unless it is given them. */
  static newBuilder() {
    return new ClientBuilder(hcClient => new ImsClient(hcClient))
  }

  constructor(hcClient) {
    this.hcClient = hcClient
  }

  /** Call an operation. `values` are its path parameters, and `query` and `data` the rest of the request. */
  call(operation, { query = {}, data, ...values } = {}) {
    const { url, ...request } = structuredClone(requests[operation])
    const names = [...url.matchAll(PARAMETER)].map(([, name]) => name)
    const pathParams = Object.fromEntries(names.filter(name => name in values).map(name => [name, values[name]]))
    const body = data === undefined ? {} : { data }
    return this.hcClient.sendRequest({ ...request, ...body, url, pathParams, queryParams: query, headers: {} })
  }
}

module.exports = { BasicCredentials, ImsClient, operations: Object.keys(requests) }
