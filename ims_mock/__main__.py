from ims_mock.command.cli import main

raise SystemExit(main())
