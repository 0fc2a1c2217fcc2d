using System.CommandLine;
using ArrowCid.Transfer.Backup;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>migrate</c>: a store's content into another store.</summary>
internal static class MigrateVerb
{
    public static Command Make()
    {
        Argument<string> from = Verb.File("FROM", "The directory of a store.");
        Argument<string> to = Verb.File("TO", "The directory of the other store, created if it does not exist.");
        Option<bool> dryRun = Verb.DryRun();
        Option<bool> json = Verb.Json();
        var sizes = new SizeOptions();
        var verb = new Verb("migrate",
            "Copy a store, with all metadata, to another place or size. It can go from shared memory to a disk, or " +
            "to another capacity, segment size or format version. Every block is hashed in both stores. The first " +
            "store does not change. After an interruption, run the command again.",
            "arrowcid migrate /dev/shm/quotes /srv/quotes",
            "arrowcid migrate /srv/quotes /srv/quotes-large --capacity 64G --segment-size 256M",
            "arrowcid migrate /srv/a /srv/b --dry-run")
        {
            from, to, dryRun, json,
        };
        sizes.AddTo(verb);
        verb.SetAction(parsed =>
        {
            string source = Path.GetFullPath(parsed.GetValue(from)!), target = Path.GetFullPath(parsed.GetValue(to)!);
            using CidStore store = StoreReading.Open(source);
            StoreSummary figures = store.Diagnostics.GetSummary();
            CidStoreOptions options = sizes.Read(parsed, target, figures.Capacity, figures.SegmentSize, figures.IsRing,
                store.Transfer.CapacityNeeded);
            bool isDryRun = parsed.GetValue(dryRun);
            RestoreVerb.Print(isDryRun ? Try(store, target) : Copy(store, target, options), parsed.GetValue(json));
            return 0;
        });
        return verb;
    }

    private static RestoreResult Copy(CidStore store, string directory, CidStoreOptions options)
    {
        using var target = CidStore.Open(directory, options);
        using var progress = new Progress("bytes put");
        return store.Transfer.CopyTo(target, progress: progress);
    }

    /// <summary>Makes no store: against an empty one all is new.</summary>
    private static RestoreResult Try(CidStore store, string directory)
    {
        CidStore? target = null;
        try
        {
            target = StoreReading.Open(directory);
        }
        catch (ArrowCidException e) when (e.Code == ErrorCode.StoreGone)
        {
            return store.Transfer.CopyTo(null, dryRun: true);
        }

        using (target) return store.Transfer.CopyTo(target, dryRun: true);
    }
}
