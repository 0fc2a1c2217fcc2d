using ArrowCid.Columnar;
using ArrowCid.ProcessTests.Cli;

namespace ArrowCid.ProcessTests.Flight;

/// <summary>@grpc/grpc-js, which takes 4 MiB a message and compresses its requests, against <c>arrowcid serve</c>.</summary>
public sealed class GrpcJsFlightTests
{
    [GrpcJsFact]
    public void A_batch_over_its_limit_comes_in_slices_and_errors_deadlines_and_actions_are_grpcs()
    {
        const int Rows = 1_000_000;
        using ServedStore served = ServedStore.Start();
        using CidStore store = CidStore.Open(served.Directory);
        Cid cid = store.Put(RecordBatch.Of(
            ("n", ArrowArray.From<long>(Enumerable.Range(0, Rows).Select(i => (long)i).ToArray())))).Cid;
        CommandResult result = Command.Program("node", Path.Combine(Command.Root, "interop/node/check-flight.mjs"),
            served.Flight, served.Token, cid.ToString(), $"{Rows}").Exits(0);
        Assert.Equal($"{Rows}\n", result.Text);
    }
}

/// <summary>A fact that needs @grpc/grpc-js; skipped loudly where it is missing, unless peers are required.</summary>
public sealed class GrpcJsFactAttribute : FactAttribute
{
    public GrpcJsFactAttribute()
    {
        Skip = Programs.WhySkip("node");
        bool isHere = Programs.HasPackage("@grpc/grpc-js") && Programs.HasPackage("@grpc/proto-loader");
        if (Skip is null && !Programs.AreRequired && !isHere)
            Skip = "PEER MISSING: @grpc/grpc-js. Run interop/peers/setup, then this test again.";
    }
}
