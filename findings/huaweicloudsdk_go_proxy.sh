#!/bin/sh
# Huawei Cloud's SDK for Go does not use the proxy of the environment: HTTP_PROXY and HTTPS_PROXY have no effect.
#
# Expected: the SDK sends its requests to the proxy that HTTP_PROXY or HTTPS_PROXY names, as net/http does by default,
#   and with it gophercloud, golangsdk and most programs in Go.
# Seen: it makes a transport of its own without a proxy, so it asks for the host itself, and ends in "no such host"
#   where only the proxy knows the host. It uses a proxy that the program gives it with HttpConfig.WithProxy.
# For tests: a recording or mocking proxy sees nothing of such a program unless the program itself names the proxy.
#
# Versions: github.com/huaweicloud/huaweicloud-sdk-go-v3 0.1.207. Last run: 2026-11-28 (Go 1.26.8).
set -eu
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat > main.go <<'END'
package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"reflect"
	"strconv"
	"strings"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/config"
	ims "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/ims/v2"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/ims/v2/model"
)

const endpoint = "http://ims.region-1.invalid"

// outcome says in a word how a request has ended.
func outcome(err error) string {
	switch {
	case err == nil:
		return "the proxy responds"
	case strings.Contains(err.Error(), "lookup ims.region-1.invalid"):
		return "it looks up the host itself"
	}
	return err.Error()
}

// sdk lists images with the SDK.
func sdk(settings *config.HttpConfig) error {
	credential := basic.NewCredentialsBuilder().WithAk("key").WithSk("secret").WithProjectId("0").Build()
	client := ims.NewImsClient(ims.ImsClientBuilder().WithEndpoint(endpoint).
		WithCredential(credential).WithHttpConfig(settings).Build())
	_, err := client.ListImages(&model.ListImagesRequest{})
	return err
}

func main() {
	proxy := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, _ *http.Request) {
		response.Header().Set("Content-Type", "application/json")
		fmt.Fprint(response, `{"images": []}`)
	}))
	defer proxy.Close()
	for _, name := range []string{"HTTP_PROXY", "http_proxy"} {
		os.Setenv(name, proxy.URL)
	}
	os.Unsetenv("NO_PROXY")
	os.Unsetenv("no_proxy")
	address, _ := url.Parse(proxy.URL)
	port, _ := strconv.Atoi(address.Port())

	_, byDefault := http.Get(endpoint + "/v2/cloudimages")
	named := config.NewProxy().WithSchema("http").WithHost(address.Hostname()).WithPort(port)
	seen := []string{
		outcome(byDefault),
		outcome(sdk(config.DefaultHttpConfig())),
		outcome(sdk(config.DefaultHttpConfig().WithProxy(named))),
	}
	for number, who := range []string{"net/http", "the SDK", "the SDK, with WithProxy"} {
		fmt.Printf("%s: %s\n", who, seen[number])
	}
	if !reflect.DeepEqual(seen, []string{"the proxy responds", "it looks up the host itself", "the proxy responds"}) {
		fmt.Println("CHANGED")
		os.Exit(1)
	}
	fmt.Println("unchanged")
}
END
go mod init finding > go.log 2>&1
go get github.com/huaweicloud/huaweicloud-sdk-go-v3@v0.1.207 >> go.log 2>&1 || { cat go.log; exit 1; }
go mod tidy >> go.log 2>&1 || { cat go.log; exit 1; }
go run .
