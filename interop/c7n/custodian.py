"""The command `custodian` with the provider of Huawei Cloud, which the c7n of PyPI does not load by itself."""

from c7n.cli import main
from c7n_huaweicloud.entry import initialize_huaweicloud

initialize_huaweicloud()
main()
