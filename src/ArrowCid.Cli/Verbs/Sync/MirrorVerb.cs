using System.CommandLine;
using System.Runtime.InteropServices;
using ArrowCid.Registry;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>mirror</c>: a store that follows another.</summary>
internal static class MirrorVerb
{
    private const int ExitOfInterrupt = 130;

    public static Command Make()
    {
        Argument<string> from = Verb.File("FROM", "The store to follow: a directory or a server, as for 'sync'.");
        Argument<string> to = Verb.File("DIR", "The directory of the copy, created if it does not exist.");
        Option<string?> where = Verb.Where("A filter, which the other side applies to its own facts.");
        var delete = new Option<bool>("--delete")
        {
            Description = "Removals follow too; what a name, a pin or another block keeps stays.",
        };
        var once = new Option<bool>("--once") { Description = "Only one sync." };
        Option<TimeSpan?> every = Verb.Span("--every", "The time between two looks. Default: 5s.");
        Option<long?> capacity =
            Verb.Size("--capacity", 1, "The largest size of the files of a new store, such as 8G.");
        Option<long?> rate = Verb.Size("--rate", 1, "The most bytes of blocks per second; 64KiB or more.");
        var prefix = new Option<string?>("--as")
        {
            HelpName = "PREFIX",
            Description = "A prefix for names: NAME comes as PREFIX/NAME.",
        };
        Option<bool> json = Verb.Json();
        var verb = new Verb("mirror",
            "Copy a store, then follow it until interrupted. Blocks, facts and names come as they are put there; " +
            "nothing goes back. A mirror that was interrupted goes on where it was.",
            "arrowcid mirror https://b.example:8816?token-file=token /srv/copy",
            "arrowcid mirror /srv/quotes /mnt/disk/quotes --once --delete")
        {
            from, to, where, prefix, delete, once, every, rate, capacity, json,
        };
        verb.SetAction(parsed =>
        {
            var options = new CidStoreOptions { OpenPlace = Locations.Open };
            if (parsed.GetValue(capacity) is { } bytes)
                options = new CidStoreOptions { OpenPlace = Locations.Open, Capacity = bytes };
            using var store = CidStore.Open(parsed.GetValue(to)!, options);
            using var interrupt = new CancellationTokenSource();
            using PosixSignalRegistration stop = End(PosixSignal.SIGINT, interrupt),
                end = End(PosixSignal.SIGTERM, interrupt);
            using var progress = new SyncProgressLine();
            var follower = new Follower(store, parsed.GetValue(from)!)
            {
                Filter = parsed.GetValue(where) is { } filter ? Filter.Parse(filter) : null,
                NamePrefix = parsed.GetValue(prefix),
                BytesPerSecond = parsed.GetValue(rate),
                Delete = parsed.GetValue(delete),
                Every = parsed.GetValue(every) ?? Follower.Usual,
                Progress = progress,
                Synced = report =>
                {
                    progress.Dispose();
                    return SyncText.Print(report, parsed.GetValue(json));
                },
            };
            if (parsed.GetValue(once)) return follower.Once(interrupt.Token);
            follower.Run(interrupt.Token);
            return ExitOfInterrupt;
        });
        return verb;
    }

    private static PosixSignalRegistration End(PosixSignal signal, CancellationTokenSource end) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            end.Cancel();
        });
}
