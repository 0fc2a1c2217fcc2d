return ArrowCid.Benchmarks.BenchCommand.Run(args);
