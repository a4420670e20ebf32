#!/bin/sh
# Huawei Cloud's SDK for Go makes https://http:// of a URL with http:// in HUAWEICLOUD_SDK_IAM_ENDPOINT.
#
# Expected: the SDK takes the URL as it is, as it takes that of HUAWEICLOUD_SDK_REGION_IMS_<region>, or refuses it.
# Seen: it puts https:// before everything that does not begin with https://, and asks https://http/v3/projects for the
#   project of the key. The error says that there is no host "http". The same URL works with WithIamEndpointOverride, and
#   in HUAWEICLOUD_SDK_REGION_IMS_<region>.
# For tests: a test cloud without TLS needs the id of the project, with which the SDK does not ask, or the override.
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
	"os"
	"reflect"
	"strings"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	ims "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/ims/v2"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/ims/v2/model"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/ims/v2/region"
)

// list lists images with a key whose project the SDK has to find, and says how that has ended.
func list(credential *basic.Credentials) string {
	client, err := ims.ImsClientBuilder().WithRegion(region.ValueOf("cn-north-4")).WithCredential(credential).SafeBuild()
	if err == nil {
		_, err = ims.NewImsClient(client).ListImages(&model.ListImagesRequest{})
	}
	switch {
	case err == nil:
		return "a list"
	case strings.Contains(err.Error(), `"https://http/v3/projects?name=cn-north-4"`):
		return "a request to https://http/"
	}
	return err.Error()
}

func main() {
	cloud := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		response.Header().Set("Content-Type", "application/json")
		fmt.Fprint(response, `{"images": [], "projects": [{"id": "0f6d2b1e5c8a4e7f9b3c1d2e4f5a6b7c"}]}`)
	}))
	defer cloud.Close()
	os.Setenv("HUAWEICLOUD_SDK_REGION_IMS_CN_NORTH_4", cloud.URL)
	os.Setenv("HUAWEICLOUD_SDK_IAM_ENDPOINT", cloud.URL)
	key := func() *basic.CredentialsBuilder { return basic.NewCredentialsBuilder().WithAk("key").WithSk("secret") }
	seen := []string{
		list(key().Build()),
		list(key().WithIamEndpointOverride(cloud.URL).Build()),
		list(key().WithProjectId("0f6d2b1e5c8a4e7f9b3c1d2e4f5a6b7c").Build()),
	}
	for number, which := range []string{"the variable", "WithIamEndpointOverride", "WithProjectId"} {
		fmt.Printf("%s: %s\n", which, seen[number])
	}
	if !reflect.DeepEqual(seen, []string{"a request to https://http/", "a list", "a list"}) {
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
