#!/bin/sh
# gophercloud's AuthOptionsFromEnv does not read the domains of an openrc file, so it cannot log in with one.
#
# Expected: the variables of a version-3 openrc file, with which openstacksdk and the openstack command log in, are
#   enough for the function that reads these variables.
# Seen: it reads OS_DOMAIN_NAME and OS_DOMAIN_ID, and neither OS_USER_DOMAIN_NAME nor OS_PROJECT_DOMAIN_NAME nor their
#   ids. With the variables of DevStack's openrc it says that OS_PROJECT_ID is missing, although OS_PROJECT_NAME is
#   set. With those of the file that the dashboard offers, which has OS_PROJECT_ID, it succeeds; then the log-in fails,
#   because the user has no domain. Both work once OS_DOMAIN_NAME is set as well.
# For tests: what points other clients of OpenStack at a test cloud needs one more variable for programs in Go. The
#   openstack command and openstacksdk log in with it too.
#
# Versions: github.com/gophercloud/gophercloud/v2 2.16.0. Last run: 2026-11-28 (Go 1.26.8).
set -eu
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat > main.go <<'END'
package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"strings"

	"github.com/gophercloud/gophercloud/v2/openstack"
)

// logIn logs in with the variables alone, and says how that has ended.
func logIn(variables map[string]string) string {
	for _, line := range os.Environ() {
		if name, _, _ := strings.Cut(line, "="); strings.HasPrefix(name, "OS_") {
			os.Unsetenv(name)
		}
	}
	for name, value := range variables {
		os.Setenv(name, value)
	}
	options, err := openstack.AuthOptionsFromEnv()
	if err == nil {
		_, err = openstack.AuthenticatedClient(context.Background(), options)
	}
	if err != nil {
		return fmt.Sprintf("%T", err)
	}
	return "logged in"
}

// with returns a copy of variables with more of them.
func with(variables, more map[string]string) map[string]string {
	all := maps.Clone(variables)
	maps.Copy(all, more)
	return all
}

func main() {
	identity := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		response.Header().Set("X-Subject-Token", "token")
		if request.Method == http.MethodPost {
			response.WriteHeader(http.StatusCreated)
			fmt.Fprint(response, `{"token": {"expires_at": "2099-01-01T00:00:00.000000Z", "catalog": []}}`)
			return
		}
		fmt.Fprintf(response, `{"versions": {"values": [{"id": "v3.14", "status": "stable",
			"links": [{"rel": "self", "href": "http://%s/v3/"}]}]}}`, request.Host)
	}))
	defer identity.Close()
	user := map[string]string{
		"OS_AUTH_URL": identity.URL, "OS_IDENTITY_API_VERSION": "3", "OS_USERNAME": "demo", "OS_PASSWORD": "secret",
		"OS_PROJECT_NAME": "demo", "OS_PROJECT_DOMAIN_ID": "default", "OS_REGION_NAME": "RegionOne",
	}
	devstack := with(user, map[string]string{"OS_USER_DOMAIN_ID": "default", "OS_AUTH_TYPE": "password"})
	dashboard := with(user, map[string]string{
		"OS_PROJECT_ID": "0f6d2b1e5c8a4e7f9b3c1d2e4f5a6b7c", "OS_USER_DOMAIN_NAME": "Default",
	})
	domain := map[string]string{"OS_DOMAIN_NAME": "Default"}
	seen := []string{
		logIn(devstack), logIn(dashboard), logIn(with(devstack, domain)), logIn(with(dashboard, domain)),
	}
	for number, which := range []string{
		"DevStack's variables", "the dashboard's variables",
		"DevStack's and OS_DOMAIN_NAME", "the dashboard's and OS_DOMAIN_NAME",
	} {
		fmt.Printf("%s: %s\n", which, seen[number])
	}
	if !reflect.DeepEqual(seen, []string{
		"gophercloud.ErrMissingEnvironmentVariable", "gophercloud.ErrDomainIDOrDomainName", "logged in", "logged in",
	}) {
		fmt.Println("CHANGED")
		os.Exit(1)
	}
	fmt.Println("unchanged")
}
END
go mod init finding > go.log 2>&1
go get github.com/gophercloud/gophercloud/v2@v2.16.0 >> go.log 2>&1 || { cat go.log; exit 1; }
go mod tidy >> go.log 2>&1 || { cat go.log; exit 1; }
go run .
