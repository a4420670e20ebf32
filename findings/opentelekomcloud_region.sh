#!/bin/sh
# Terraform's provider for Open Telekom Cloud ignores its argument `region`, and takes the region from the project's name.
#
# Expected: with `region = "eu-nl"`, images are made in eu-nl; or a region that the project does not have is an error.
# Seen: after the log-in, the region is the start of `tenant_name` up to the first "_". With `tenant_name = "eu-de_web"`,
#   the calls go to the endpoint of eu-de, without a word. With `tenant_name = "web"`, no service has an endpoint. With
#   OS_REGION_NAME it is this variable, which counts more than the argument too.
# For tests: give a mock or a cloud with other names of projects OS_REGION_NAME, or a project that is named as the region.
#
# Versions: terraform-provider-opentelekomcloud 1.36.4, gophertelekomcloud 0.9.0. Last run: 2026-11-28.
set -eu
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat > main.go <<'END'
package main

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"

	"github.com/opentelekomcloud/terraform-provider-opentelekomcloud/opentelekomcloud/common/cfg"
)

const token = `{"token": {"expires_at": "2126-01-01T00:00:00.000000Z", "issued_at": "2026-01-01T00:00:00.000000Z",
	"methods": ["password"], "user": {"id": "u", "name": "me", "domain": {"id": "d", "name": "OTC"}}, %s
	"catalog": [{"type": "image", "name": "image", "id": "i", "endpoints": [
		{"id": "1", "interface": "public", "region": "eu-de", "url": "https://ims.eu-de.example"},
		{"id": "2", "interface": "public", "region": "eu-nl", "url": "https://ims.eu-nl.example"}]}]}}`

// endpointOf returns where the provider sends calls for images, if it is configured for eu-nl with this project.
func endpointOf(authURL, project string) string {
	config := cfg.Config{IdentityEndpoint: authURL, Username: "me", Password: "secret", DomainName: "OTC",
		TenantName: project, Region: "eu-nl", EndpointType: "public"}
	if err := config.LoadAndValidate(); err != nil {
		return err.Error()
	}
	client, err := config.ImageV2Client(config.GetRegion(nil))
	if err != nil {
		return err.Error()
	}
	return client.Endpoint
}

func main() {
	log.SetOutput(io.Discard)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		project := ""
		// The provider also logs in to the domain alone.
		if found := regexp.MustCompile(`"project":.*"name":"([a-z_-]+)"`).FindSubmatch(body); found != nil {
			project = fmt.Sprintf(`"project": {"id": "p", "name": "%s", "domain": {"id": "d", "name": "OTC"}},`, found[1])
		}
		w.Header().Set("X-Subject-Token", "t")
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, token, project)
	}))
	defer server.Close()
	seen := fmt.Sprint([]string{endpointOf(server.URL+"/v3", "eu-nl_web"), endpointOf(server.URL+"/v3", "eu-de_web"),
		endpointOf(server.URL+"/v3", "web")})
	os.Setenv("OS_REGION_NAME", "eu-de")
	seen += " " + endpointOf(server.URL+"/v3", "eu-nl_web")
	fmt.Println(`with region = "eu-nl" and the projects eu-nl_web, eu-de_web, web, and OS_REGION_NAME=eu-de:`, seen)
	still := "[https://ims.eu-nl.example/ https://ims.eu-de.example/ " +
		"No suitable endpoint could be found in the service catalog.] https://ims.eu-de.example/"
	if seen != still {
		fmt.Println("CHANGED: expected", still)
		os.Exit(1)
	}
	fmt.Println("unchanged")
}
END
unset OS_REGION_NAME OS_CLOUD 2>/dev/null || true
go mod init finding 2>/dev/null
go get github.com/opentelekomcloud/terraform-provider-opentelekomcloud@v1.36.4 2>/dev/null
go mod tidy 2>/dev/null
go run .
