package interop;

import com.huaweicloud.sdk.ims.v2.ImsAsyncClient;
import com.huaweicloud.sdk.ims.v2.ImsClient;
import com.huaweicloud.sdk.ims.v2.model.CreateImageRequest;
import com.huaweicloud.sdk.ims.v2.model.CreateImageRequestBody;
import com.huaweicloud.sdk.ims.v2.model.ShowJobRequest;
import com.huaweicloud.sdk.ims.v2.model.ShowJobResponse;
import com.huaweicloud.sdk.ims.v2.model.ShowJobResponse.StatusEnum;

/** Starts a job, and waits for jobs. */
final class Jobs {
  private static final int MOST_POLLS = 10;

  private Jobs() {}

  /** Imports a file of a bucket as an image, and returns the id of the job. */
  static String importImage(Caller caller, String name) {
    var body =
        new CreateImageRequestBody()
            .withName(name)
            .withImageUrl("ims-image:centos70.qcow2")
            .withOsVersion("CentOS 7.0 64bit")
            .withMinDisk(40);
    var request = new CreateImageRequest().withBody(body);
    return caller
        .call(ImsClient::createImage, ImsAsyncClient::createImageAsync, request)
        .getJobId();
  }

  /** Asks for a job each second until it has ended, at most ten times. */
  static ShowJobResponse await(Caller caller, String jobId) {
    var request = new ShowJobRequest().withJobId(jobId);
    for (int poll = 1; ; poll++) {
      var job = caller.call(ImsClient::showJob, ImsAsyncClient::showJobAsync, request);
      var isOver = job.getStatus() == StatusEnum.SUCCESS || job.getStatus() == StatusEnum.FAIL;
      if (isOver || poll == MOST_POLLS) {
        return job;
      }
      try {
        Thread.sleep(1000);
      } catch (InterruptedException error) {
        throw new IllegalStateException(error);
      }
    }
  }
}
