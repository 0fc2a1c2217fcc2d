using System.CommandLine;
using System.Globalization;
using ArrowCid.Postgres;

namespace ArrowCid.Cli.Verbs;

/// <summary><c>pool gc</c>, <c>pool why</c>, <c>pool verify</c> and <c>pool rebuild</c>: the care of a pool.</summary>
internal static class PoolCareVerb
{
    private const int ExitOfDamage = 4;

    public static Verb MakeCollect()
    {
        Option<TimeSpan?> olderThan = Verb.Span("--older-than",
            "The span in which pushed blocks stay, whether they are needed or not. Default: 1h.");
        Option<TimeSpan?> keepDead = Verb.Span("--keep-dead",
            "The span for which the objects of removed blocks stay. It must not be shorter than the age of the " +
            "oldest backup of the database that may be restored. Default: 7d.");
        Option<bool> dryRun = Verb.DryRun();
        Option<bool> json = Verb.Json();
        var verb = new Verb("gc",
            "Remove the blocks of a pool that no name, pin, hold or expiry keeps. Members go on meanwhile. The " +
            "output is the number of objects that are dead now and of those that were deleted, with their bytes.",
            "arrowcid pool gc --dry-run",
            "arrowcid pool gc --older-than 1d --keep-dead 30d")
        {
            olderThan, keepDead, dryRun, json,
        };
        var target = new PoolTarget(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            var usual = new PoolCollectOptions();
            await using Pool pool = await Pool.OpenAsync(target.Read(parsed), cancel);
            PoolCollectResult result = await pool.CollectAsync(new PoolCollectOptions
            {
                OlderThan = parsed.GetValue(olderThan) ?? usual.OlderThan,
                KeepDead = parsed.GetValue(keepDead) ?? usual.KeepDead,
                DryRun = parsed.GetValue(dryRun),
            }, cancel);
            using var output = Output.Open();
            if (!parsed.GetValue(json))
            {
                output.Line(string.Create(CultureInfo.InvariantCulture,
                    $"dead {result.Dead}  {result.DeadBytes} bytes  " +
                    $"deleted {result.Deleted}  {result.DeletedBytes} bytes"));
                return 0;
            }

            output.JsonLine(writer =>
            {
                writer.WriteNumber("dead", result.Dead);
                writer.WriteNumber("deadBytes", result.DeadBytes);
                writer.WriteNumber("deleted", result.Deleted);
                writer.WriteNumber("deletedBytes", result.DeletedBytes);
                writer.WriteBoolean("isDryRun", result.IsDryRun);
            });
            return 0;
        });
        return verb;
    }

    public static Verb MakeWhy()
    {
        Argument<string> cid = Verb.CidText();
        Option<bool> json = Verb.Json();
        var verb = new Verb("why",
            "Show why a pool keeps a block, over all machines. The output is one reason per line: the name, pin, " +
            "expiry, hold or recent push, and the block that it keeps. It is empty if the next 'pool gc' removes " +
            "the block.",
            "arrowcid pool why @quotes/latest",
            "arrowcid pool why CID --json")
        {
            cid, json,
        };
        var target = new PoolTarget(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            await using Pool pool = await Pool.OpenAsync(target.Read(parsed), cancel);
            Cid block = await PoolBlocksVerb.ResolveAsync(pool, parsed.GetValue(cid)!, cancel);
            using var output = Output.Open();
            foreach (PoolReason reason in await pool.WhyAsync(block, cancellationToken: cancel))
            {
                if (!parsed.GetValue(json))
                {
                    output.Line(CommandError.Visible($"{reason.Kind}  {reason.Detail}  {reason.Block}"));
                    continue;
                }

                output.JsonLine(writer =>
                {
                    writer.WriteString("kind", reason.Kind);
                    writer.WriteString("detail", reason.Detail);
                    writer.WriteString("block", reason.Block.ToString());
                });
            }

            return 0;
        });
        return verb;
    }

    public static Verb MakeVerify()
    {
        Option<double?> sample = new("--sample")
        {
            HelpName = "SHARE",
            Description = "The share of the blocks that are read and hashed, such as 0.01. Default: 1, all of them.",
        };
        sample.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double?>() is < 0 or > 1)
                result.AddError("--sample takes a number from 0 to 1.");
        });
        Option<bool> repair = new("--repair")
        {
            Description = "Deletes objects that no row of the database knows.",
        };
        Option<bool> json = Verb.Json();
        var verb = new Verb("verify",
            "Check the blocks and tables of a pool. Every kept block is there with all that it needs, its bytes " +
            "hash to its CID, and the tables are what the log of facts gives. The output is one line per finding, " +
            "and their number; exit code 4 if a block is missing or damaged, or the tables differ.",
            "arrowcid pool verify",
            "arrowcid pool verify --sample 0.01 --repair")
        {
            sample, repair, json,
        };
        var target = new PoolTarget(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            await using Pool pool = await Pool.OpenAsync(target.Read(parsed), cancel);
            PoolVerifyResult result = await pool.VerifyAsync(new PoolVerifyOptions
            {
                Sample = parsed.GetValue(sample) ?? 1,
                Repair = parsed.GetValue(repair),
            }, cancel);
            using var output = Output.Open();
            (string Kind, string Item)[] findings =
            [
                .. result.Missing.Select(cid => ("missing", cid.ToString())),
                .. result.Damaged.Select(cid => ("damaged", cid.ToString())),
                .. result.Leftovers.Select(key => ("leftover", key)),
                .. result.Differences.Select(text => ("difference", text)),
            ];
            foreach ((string kind, string item) in findings)
            {
                if (!parsed.GetValue(json)) output.Line(CommandError.Visible($"{kind}  {item}"));
                else output.JsonLine(writer =>
                {
                    writer.WriteString("kind", kind);
                    writer.WriteString("item", item);
                });
            }

            if (!parsed.GetValue(json))
            {
                output.Line(string.Create(CultureInfo.InvariantCulture,
                    $"{result.Blocks} blocks  {result.Hashed} hashed  {findings.Length} findings"));
            }

            return result.IsClean ? 0 : ExitOfDamage;
        });
        return verb;
    }

    public static Verb MakeRebuild()
    {
        Option<string[]> from = new("--from")
        {
            HelpName = "STORE",
            Description = "A store that was a member, from which the database is restored. May be given several times.",
        };
        var verb = new Verb("rebuild",
            "Rebuild the tables of metadata and names from the log of facts. Members wait meanwhile. The output is " +
            "the number of words of facts. With --from, a database that is lost, or an older backup, is restored " +
            "first: from these stores, the last snapshot, and the objects of blocks. Members must join again then.",
            "arrowcid pool rebuild",
            "arrowcid pool rebuild --from /dev/shm/quotes --from /srv/store")
        {
            from,
        };
        var target = new PoolTarget(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            if (parsed.GetValue(from) is { Length: > 0 } stores)
                await RestoreAsync(target.Read(parsed), stores, cancel);
            await using Pool pool = await Pool.OpenAsync(target.Read(parsed), cancel);
            long words = await pool.RebuildAsync(cancel);
            using var output = Output.Open();
            output.Line(string.Create(CultureInfo.InvariantCulture, $"{words} words"));
            return 0;
        });
        return verb;
    }

    public static Verb MakeSnapshot()
    {
        Option<string?> store = Verb.Store();
        Option<bool> json = Verb.Json();
        var verb = new Verb("snapshot",
            "Write a snapshot of a pool's metadata and names as Parquet files. Stores that join later begin with it. " +
            "Only what is new since the last snapshot is written, unless that is much. The output is the CID of the " +
            "directory of files, its rows, the new ones, and its bytes.",
            "arrowcid pool snapshot",
            "arrowcid pool snapshot --json")
        {
            store, json,
        };
        var target = new PoolTarget(verb);
        verb.SetAction(async (parsed, cancel) =>
        {
            using CidStore opened = CidStore.Open(parsed.GetValue(store), cancellationToken: cancel);
            await using Pool pool = await Pool.OpenAsync(target.Read(parsed), cancel);
            await using PoolMember member = await pool.JoinAsync(opened, cancel);
            PoolSnapshot snapshot = await member.SnapshotAsync(cancel);
            using var output = Output.Open();
            if (!parsed.GetValue(json))
            {
                output.Line(string.Create(CultureInfo.InvariantCulture,
                    $"{snapshot.Cid}  {snapshot.Rows} rows  {snapshot.NewRows} new  {snapshot.ByteLength} bytes"));
                return 0;
            }

            output.JsonLine(writer =>
            {
                writer.WriteString("cid", snapshot.Cid.ToString());
                writer.WriteNumber("rows", snapshot.Rows);
                writer.WriteNumber("newRows", snapshot.NewRows);
                writer.WriteNumber("files", snapshot.Parts);
                writer.WriteNumber("bytes", snapshot.ByteLength);
                writer.WriteString("token", snapshot.Position.ToString());
            });
            return 0;
        });
        return verb;
    }

    private static async Task RestoreAsync(PoolOptions options, string[] directories, CancellationToken cancel)
    {
        var stores = new List<CidStore>();
        try
        {
            foreach (string directory in directories)
            {
                stores.Add(CidStore.Open(directory, new CidStoreOptions { ReadOnly = true },
                    cancellationToken: cancel));
            }

            PoolRestoreResult result = await Pool.RestoreAsync(options, stores, cancel);
            using var output = Output.Open();
            output.Line(string.Create(CultureInfo.InvariantCulture, $"restored {result.Objects} objects  " +
                $"{result.Blocks} blocks  {result.FactGroups} groups of facts  {result.NameChanges} changes of names"));
        }
        finally
        {
            foreach (CidStore store in stores) store.Dispose();
        }
    }
}
