using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using ArrowCid.Postgres;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>pool</c>: stores of many machines that share names, metadata and blocks.</summary>
internal static class PoolVerb
{
    public static Command Make() => new Verb("pool",
        "Share names, metadata and blocks between the stores of many machines. A PostgreSQL database holds what must " +
        "be agreed on, a bucket or a shared directory holds the blocks, and each store is the cache of its machine.",
        "arrowcid pool create --registry postgres://db/market --blocks s3://market/blocks",
        "arrowcid pool push @latest --name quotes/latest",
        "arrowcid pool status")
    {
        MakeCreate(), MakeJoin(), MakeStatus(), PoolBlocksVerb.MakePush(), PoolBlocksVerb.MakeGet(),
        PoolBlocksVerb.MakeList(), PoolCareVerb.MakeCollect(), PoolCareVerb.MakeWhy(), PoolCareVerb.MakeVerify(),
        PoolCareVerb.MakeRebuild(), PoolCareVerb.MakeSnapshot(),
    };

    private static Verb MakeCreate()
    {
        var verb = new Verb("create",
            "Create a pool, or upgrade its tables. The output is its id. A pool that exists stays as it is. A bucket " +
            "is tested first.",
            "arrowcid pool create --registry postgres://db/market --blocks s3://market/blocks",
            "arrowcid pool create --registry postgres://db/market --blocks /mnt/shared/market");
        var target = new PoolTarget(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            await using Pool pool = await Pool.CreateAsync(target.Read(parsed), cancel);
            using var output = Output.Open();
            output.Line($"{pool.Id}");
            return 0;
        });
        return verb;
    }

    private static Verb MakeJoin()
    {
        Option<string?> store = Verb.Store();
        var verb = new Verb("join",
            "Keep a store up to date with a pool, until interrupted. Names and metadata that other members push are " +
            "then found in the store, and blocks are fetched when they are read. It joins again where its lease " +
            "has ended, and prints its number each time.",
            "arrowcid pool join --store /dev/shm/quotes")
        {
            store,
        };
        var target = new PoolTarget(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            using CidStore opened = CidStore.Open(parsed.GetValue(store),
                new CidStoreOptions { OpenPlace = Locations.Open }, cancellationToken: cancel);
            (string registry, string blocks) = target.ReadBoth(parsed);
            using var ends = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            using PosixSignalRegistration interrupted = End(PosixSignal.SIGINT, ends);
            using PosixSignalRegistration terminated = End(PosixSignal.SIGTERM, ends);
            await PoolMembership.RunAsync(opened, registry, blocks, Console.Out.WriteLine, ends.Token);
            return 0;
        });
        return verb;
    }

    private static Verb MakeStatus()
    {
        Option<bool> json = Verb.Json();
        var verb = new Verb("status",
            "Show the state of a pool. The output is its blocks, names, objects by state, the members whose lease " +
            "runs and how far each is behind, and the age of the oldest open transaction, which holds all members " +
            "back.",
            "arrowcid pool status",
            "arrowcid pool status --json")
        {
            json,
        };
        var target = new PoolTarget(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            await using Pool pool = await Pool.OpenAsync(target.Read(parsed), cancel);
            PoolStatus status = await pool.GetStatusAsync(cancel);
            using var output = Output.Open();
            if (parsed.GetValue(json)) Write(output, status);
            else Print(output, status);
            return 0;
        });
        return verb;
    }

    private static void Print(Output output, PoolStatus status)
    {
        Line($"pool {status.Id}  version {status.Version}  {CommandError.Visible(status.Blocks)}");
        Line($"blocks {status.BlockCount}  names {status.NameCount}  groups of facts about {status.FactGroups}");
        foreach ((string state, (long count, long bytes)) in status.Objects)
            Line($"objects {state}  {count}  {bytes} bytes");
        foreach (PoolMemberStatus member in status.Members)
        {
            string lag = member.Lag is { } groups
                ? string.Create(CultureInfo.InvariantCulture, $"{groups} groups behind") : "has read nothing";
            Line($"member {member.Id}  {CommandError.Visible(member.Host)}  {lag}");
        }

        Line($"oldest transaction {status.OldestTransaction.TotalSeconds:0.###} s");
        if (status.IsSweeping) output.Line("a collection is in progress, or has to be completed by the next one");

        void Line(FormattableString text) => output.Line(text.ToString(CultureInfo.InvariantCulture));
    }

    private static void Write(Output output, PoolStatus status) => output.JsonLine(writer =>
    {
        writer.WriteString("id", status.Id);
        writer.WriteNumber("version", status.Version);
        writer.WriteString("location", status.Blocks);
        writer.WriteNumber("blocks", status.BlockCount);
        writer.WriteNumber("names", status.NameCount);
        writer.WriteNumber("factGroups", status.FactGroups);
        writer.WriteStartObject("objects");
        foreach ((string state, (long count, long bytes)) in status.Objects)
        {
            writer.WriteStartObject(state);
            writer.WriteNumber("count", count);
            writer.WriteNumber("bytes", bytes);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
        writer.WriteStartArray("members");
        foreach (PoolMemberStatus member in status.Members)
        {
            writer.WriteStartObject();
            writer.WriteNumber("id", member.Id);
            writer.WriteString("host", member.Host);
            if (member.Lag is { } lag) writer.WriteNumber("lag", lag);
            else writer.WriteNull("lag");
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteNumber("oldestTransactionSeconds", Math.Round(status.OldestTransaction.TotalSeconds, 3));
        writer.WriteBoolean("isSweeping", status.IsSweeping);
    });

    private static PosixSignalRegistration End(PosixSignal signal, CancellationTokenSource ends) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            ends.Cancel();
        });
}
