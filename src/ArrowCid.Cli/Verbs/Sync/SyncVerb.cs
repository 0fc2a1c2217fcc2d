using System.CommandLine;
using System.Text;
using ArrowCid.Cli.Inputs;
using ArrowCid.Registry;
using ArrowCid.Sync;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>sync</c>: two stores come into step.</summary>
internal static class SyncVerb
{
    public static Command Make()
    {
        Argument<string> one = Verb.File("A", "A store's directory; or a side as B, if B is a directory.");
        Argument<string> other = Verb.File("B", "A store's directory, a server (http://HOST:PORT, https://…, " +
            "grpc://…, unix:PATH; with ?token-file=FILE), a backup, or a CAR. Files are read, or with --push " +
            "written: a backup gets what it lacks.");
        var pull = new Option<bool>("--pull") { Description = "Only from B to A." };
        var push = new Option<bool>("--push") { Description = "Only from A to B." };
        Option<string?> where = Verb.Where("A filter; each side applies it to its own facts. What a block needs " +
            "comes with it.");
        var cids = new Option<string?>("--cids")
        {
            HelpName = "FILE",
            Description = "A file of CIDs, one per line, or - for the standard input: only these blocks, with what " +
                "they need.",
        };
        var prefix = new Option<string?>("--as")
        {
            HelpName = "PREFIX",
            Description = "A prefix for names of the other side: NAME comes as PREFIX/NAME, and does not go back.",
        };
        var with = new Option<bool>("--with-pins") { Description = "Pins too." };
        var resurrect = new Option<bool>("--resurrect")
        {
            Description = "Blocks that were removed on one side too. By default they do not come back.",
        };
        var merge = new Option<bool>("--merge-names")
        {
            Description = "The changes of names that both sides changed go both ways: the later one is valid on " +
                "both. By default both sides keep theirs, and the names are listed.",
        };
        var full = new Option<bool>("--full")
        {
            Description = "A comparison of everything, rather than of what came since the last sync.",
        };
        Option<long?> most = Verb.Size("--max-bytes", 0, "The most bytes of blocks that are moved each way.");
        Option<long?> rate = Verb.Size("--rate", 1, "The most bytes of blocks per second; 64KiB or more.");
        Option<bool> dryRun = Verb.DryRun(), json = Verb.Json();
        var verb = new Verb("sync",
            "Bring two stores in step: blocks, facts and names, both ways. The differences are found with little " +
            "more data than they take. Every block is hashed before it is stored. After an interruption, run it again.",
            "arrowcid sync /srv/quotes https://b.example:8816?token-file=token",
            "arrowcid sync /srv/quotes /mnt/other/quotes --dry-run",
            "arrowcid sync /srv/quotes https://b.example:8816 --pull --where 'tag.day >= \"2026-11-01\"'",
            "arrowcid sync /srv/quotes /mnt/stick/quotes.car",
            "arrowcid sync /srv/quotes /mnt/stick/quotes.car --push")
        {
            one, other, pull, push, where, cids, prefix, with, resurrect, merge, full, most, rate, dryRun, json,
        };
        verb.SetAction(parsed =>
        {
            string a = parsed.GetValue(one)!, b = parsed.GetValue(other)!;
            bool pulls = parsed.GetValue(pull), pushes = parsed.GetValue(push), isTurned = SyncSide.IsRemote(a);
            if (isTurned && SyncSide.IsRemote(b))
                throw new ArrowCidException(ErrorCode.InvalidArgument, "one side must be a store's directory");
            if (pulls && pushes)
                throw new ArrowCidException(ErrorCode.InvalidArgument, "--pull and --push exclude each other");
            string files = isTurned ? a : b;
            bool writes = SyncFiles.Matches(files) && (isTurned ? pulls : pushes);
            if (writes || SyncFiles.IsPlainCar(files))
            {
                ThrowIfPartial(parsed.GetValue(where) ?? parsed.GetValue(cids), parsed.GetValue(most) is not null);
                using CidStore store = StoreWriting.Open(isTurned ? b : a);
                return SyncText.Print(writes ? SyncFiles.Push(store, files, parsed.GetValue(dryRun))
                    : parsed.GetValue(dryRun)
                        ? throw new ArrowCidException(ErrorCode.InvalidArgument,
                            $"--dry-run: {files} is a CAR that is no backup, and is only known once it was read")
                        : SyncFiles.Pull(store, files), parsed.GetValue(json));
            }

            using SyncSide own = SyncSide.Open(isTurned ? b : a), side = SyncSide.Open(isTurned ? a : b);
            // A backup is only read: unless something else is asked for, its contents come.
            if (side.IsBackup && !pushes && !pulls) (pulls, isTurned) = (true, false);
            SyncDirection direction = !pulls && !pushes ? SyncDirection.Both
                : pulls != isTurned ? SyncDirection.Pull : SyncDirection.Push;
            using SyncPeer peer = side.AsPeer();
            using var progress = new SyncProgressLine();
            SyncReport report = own.Store!.Transfer.Sync(peer, new SyncOptions
            {
                Direction = direction,
                Filter = parsed.GetValue(where) is { } filter ? Filter.Parse(filter) : null,
                Blocks = parsed.GetValue(cids) is { } list ? ReadCids(own.Store!, list) : null,
                NamePrefix = parsed.GetValue(prefix),
                BytesPerSecond = parsed.GetValue(rate),
                WithPins = parsed.GetValue(with),
                Resurrect = parsed.GetValue(resurrect),
                MergeNames = parsed.GetValue(merge),
                Full = parsed.GetValue(full),
                MaxBytes = parsed.GetValue(most),
                DryRun = parsed.GetValue(dryRun),
            }, progress);
            progress.Dispose();
            return SyncText.Print(report, parsed.GetValue(json));
        });
        return verb;
    }

    private static Cid[] ReadCids(CidStore store, string file) =>
    [
        .. Encoding.UTF8.GetString(Input.ReadAll(file)).Split('\n', StringSplitOptions.TrimEntries)
            .Where(line => line.Length > 0 && line[0] != '#')
            .Select(line => Cid.TryParse(line, out Cid cid) ? cid : BlockReference.Resolve(store, line)),
    ];

    private static void ThrowIfPartial(string? some, bool isLimited)
    {
        if (some is null && !isLimited) return;
        throw new ArrowCidException(ErrorCode.InvalidArgument,
            "files are read and written whole; --where, --cids and --max-bytes are for stores and servers");
    }
}
