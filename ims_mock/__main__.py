from ims_mock.cli import main

raise SystemExit(main())
