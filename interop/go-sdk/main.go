// A program with the Huawei Cloud SDK for Go: it calls all methods of the IMS client, and checks what they return.
//
// The SDK reads the key, the project and the endpoint from variables that "ims-mock env go" prints.
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	ims "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/ims/v2"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/ims/v2/model"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/ims/v2/region"
)

// connect returns a client for a credential; without one, the SDK reads it from the environment.
func connect(credential *basic.Credentials) (*ims.ImsClient, error) {
	cloud, err := region.SafeValueOf("cn-north-4")
	if err != nil {
		return nil, err
	}
	builder := ims.ImsClientBuilder().WithRegion(cloud)
	if credential != nil {
		builder.WithCredential(credential)
	}
	client, err := builder.SafeBuild()
	if err != nil {
		return nil, err
	}
	return ims.NewImsClient(client), nil
}

// wait asks for a job each second until it has ended, at most ten times.
func wait(client *ims.ImsClient, jobID string) (*model.ShowJobResponse, error) {
	statuses := model.GetShowJobResponseStatusEnum()
	for range 10 {
		job, err := client.ShowJob(&model.ShowJobRequest{JobId: jobID})
		if err != nil {
			return nil, err
		}
		if job.Status == nil {
			return nil, fmt.Errorf("the job %s has no status", jobID)
		}
		if *job.Status != statuses.INIT && *job.Status != statuses.RUNNING {
			return job, nil
		}
		time.Sleep(time.Second)
	}
	return nil, fmt.Errorf("the job %s has not ended", jobID)
}

// once makes one call of a user, and says in a few words what it returned.
func once(client *ims.ImsClient, call string) (string, error) {
	switch call {
	case "list":
		response, err := client.ListImages(&model.ListImagesRequest{})
		if err != nil {
			return "", err
		}
		if response.Images == nil {
			return "no list of images", nil
		}
		return listed(*response.Images), nil
	case "create":
		body := &model.GlanceCreateImageMetadataRequestBody{Name: new("web")}
		created, err := client.GlanceCreateImageMetadata(&model.GlanceCreateImageMetadataRequest{Body: body})
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("status %d", created.HttpStatusCode), nil
	case "job":
		started, err := client.ImportImageQuick(&model.ImportImageQuickRequest{Body: quick("web")})
		if err != nil {
			return "", err
		}
		if started.JobId == nil {
			return "no job", nil
		}
		job, err := wait(client, *started.JobId)
		if err != nil {
			return "", err
		}
		return "job " + job.Status.Value(), nil
	}
	return "", fmt.Errorf("%q is not list, create or job", call)
}

func main() {
	client, err := connect(nil)
	if len(os.Args) > 1 {
		returned := ""
		if err == nil {
			returned, err = once(client, os.Args[1])
		}
		if err != nil {
			raised(err)
			return
		}
		write(map[string]string{"returned": returned})
		return
	}
	works("credential, project and endpoint from the environment", func() { must(client, err) })
	if client != nil {
		check(client)
	}
	if isBroken {
		os.Exit(1)
	}
}
