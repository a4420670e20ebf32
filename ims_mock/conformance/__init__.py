"""One suite for three targets: this mock, a Glance, and a cloud. Run by `ims-mock contract verify URL`, or by pytest.

`pytest --pyargs ims_mock.conformance --ims-endpoint URL` does the same in a project's own configuration.
"""
