return ArrowCid.Cli.CommandLine.Run(args);
