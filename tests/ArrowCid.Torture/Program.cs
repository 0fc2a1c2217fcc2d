return ArrowCid.Torture.TortureCommand.Run(args);
