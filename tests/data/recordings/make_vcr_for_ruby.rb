# Records ruby/*.yml with vcr 5.0.0 and webmock 3.18.1 on Ruby 3.1.2: `ruby make_vcr_for_ruby.rb URL`, beside `ims-mock`.

require "json"
require "net/http"
require "vcr"

url, folder = ARGV[0], File.join(__dir__, "ruby")
BYTES = "\xFF\x00\xFE".b

VCR.configure do |config|
  config.cassette_library_dir = folder
  config.hook_into :webmock
end

def call(url, method, path, body = nil, type = "application/json")
  uri = URI(url + path)
  request = Net::HTTP.const_get(method).new(uri, "X-Auth-Token" => "ims-mock-token")
  request["Content-Type"] = type if body
  Net::HTTP.start(uri.host, uri.port) { |http| http.request(request, body) }.body
end

{ "plain" => {}, "exact" => { preserve_exact_body_bytes: true } }.each do |name, options|
  VCR.use_cassette(name, record: :all, **options) do
    image = JSON.parse(call(url, "Post", "/v2/images", JSON.dump({ name: "größe" })))["id"]
    call(url, "Put", "/v2/images/#{image}/file", BYTES, "application/octet-stream")
    call(url, "Get", "/v2/images/#{image}/file")
    call(url, "Get", "/v2/images/7")
    call(url, "Delete", "/v2/images/#{image}")
  end
  path = File.join(folder, "#{name}.yml")
  File.write(path, File.read(path).gsub(url, "http://127.0.0.1:9292").gsub(URI(url).host + ":" + URI(url).port.to_s, "127.0.0.1:9292"))
end
